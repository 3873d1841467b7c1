"""Chunks one after the other in one process: while one is judged, the next is read and the one before is written."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from nlp.chunks import Read, StoppedError, judge_chunk, read_chunk, write_chunk
from nlp.plan import Chunk
from nlp.run_record import FileDone
from nlp.settings import Settings

# One chunk is read, one judged, one written: more would only fill the memory.
_AHEAD: Final = 3
# Windows hears Ctrl-C only between waits.
_WAIT_SECONDS: Final = 0.2

# A chunk and what became of its files.
Done = tuple[Chunk, tuple[FileDone, ...]]


def run_chunks(
    chunks: Iterable[Chunk], settings: Settings, workdir: Path, *, progress: Callable[[Chunk, int], None] | None = None
) -> Generator[Done, None, None]:
    """Do the chunks as `process_chunk` does, in their order; each comes back once its outputs stand.

    Parameters
    ----------
    progress : called, from another thread, with the chunk at hand and the number of its items judged so far.

    Raises
    ------
    DuchaError : as `process_chunk`. What is under way then, or when the caller stops, is given up.
    """
    stopped = threading.Event()
    pools = [ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("read", "judge", "write")]

    def check() -> None:
        if stopped.is_set():
            raise StoppedError

    def start(chunk: Chunk) -> Future[tuple[FileDone, ...]]:
        def count(items: int) -> None:
            check()
            if progress:
                progress(chunk, items)

        def write() -> tuple[FileDone, ...]:
            judged = to_judge.result()
            check()
            return write_chunk(judged, settings, workdir)

        def read() -> Read:
            check()
            return read_chunk(chunk, settings)

        to_read = pools[0].submit(read)
        to_judge = pools[1].submit(lambda: judge_chunk(to_read.result(), settings, progress=count))
        return pools[2].submit(write)

    under_way: deque[tuple[Chunk, Future[tuple[FileDone, ...]]]] = deque()
    try:
        for chunk in chunks:
            under_way.append((chunk, start(chunk)))
            if len(under_way) == _AHEAD:
                yield _take(under_way)
        while under_way:
            yield _take(under_way)
    finally:
        stopped.set()
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def _take(under_way: deque[tuple[Chunk, Future[tuple[FileDone, ...]]]]) -> Done:
    chunk, future = under_way.popleft()
    while not wait([future], timeout=_WAIT_SECONDS).done:
        pass
    return chunk, future.result()
