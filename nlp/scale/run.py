"""The chunks of a run handed out to workers, one at a time each, and their results taken back in whatever order they come."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from uuid import uuid4

from nlp.chunks import ATTEMPTS, PARTS, REPORTS, part_name
from nlp.errors import DuchaError, OutputError, ScaleError
from nlp.plan import Chunk
from nlp.run_record import Failure, FileDone
from nlp.scale.work import work
from nlp.settings import Settings

# So often a chunk is tried where the program itself stops in it.
_TRIES: Final = 2
_LOOK: Final = 0.5
# So long a cluster may be without any worker, or its scheduler away.
_PATIENCE: Final = 60.0
_REMEDY: Final = "请检查调度器和各工作进程"


@dataclass(frozen=True)
class _Try:
    """A chunk under way: where its worker writes."""

    chunk: Chunk
    folder: Path
    number: int
    future: Any


def process_chunks(
    chunks: Sequence[Chunk], settings: Settings, workdir: Path, *, client: Any, patience: float = _PATIENCE
) -> Iterator[tuple[Chunk, tuple[FileDone, ...]]]:
    """Each chunk with the records of its files, as soon as it is done and its outputs stand in `workdir` as `process_chunk` leaves them.

    A worker that dies costs only what it was at: its chunk is given to another. A chunk at which workers die again and again is tried once more by
    itself, when nothing else is under way that could be to blame, and then given up: its files are failures, the run goes on.

    Parameters
    ----------
    client : `distributed.Client`.
    patience : seconds without a worker, or without the scheduler, after which the run is given up.

    Raises
    ------
    ScaleError : the scheduler or all workers are gone.
    DuchaError : as `process_chunk`; what is yielded until then is done.
    """
    attempts = workdir / ATTEMPTS
    shutil.rmtree(attempts, ignore_errors=True)
    attempts.mkdir(parents=True, exist_ok=True)
    hand = _Hand(settings, attempts, client, patience)
    try:
        suspects: list[Chunk] = []
        for chunk, done in hand.work_off(chunks):
            if done is None:
                suspects.append(chunk)
            else:
                yield chunk, done
        for suspect in suspects:
            for chunk, done in hand.work_off([suspect]):
                yield chunk, done or hand.give_up(chunk, "判读这一组报告的工作进程一再异常退出")
    finally:
        hand.let_go()
        shutil.rmtree(attempts, ignore_errors=True)


class _Hand:
    """What is handed out and comes back."""

    def __init__(self, settings: Settings, attempts: Path, client: Any, patience: float) -> None:
        self.settings, self.attempts, self.client, self.patience = settings, attempts, client, patience
        self.back: SimpleQueue[Any] = SimpleQueue()
        self.under_way: dict[str, _Try] = {}
        self.last_seen = time.monotonic()

    def work_off(self, chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, tuple[FileDone, ...] | None]]:
        """Each chunk with its records, None where workers died of it."""
        waiting = deque((chunk, 1) for chunk in chunks)
        while waiting or self.under_way:
            room = self._count_workers()
            while waiting and len(self.under_way) < room:
                self._give(*waiting.popleft())
            try:
                tried = self.under_way.pop(self.back.get(timeout=_LOOK).key, None)
            except Empty:
                continue
            if tried is None:
                continue
            error = self._error_of(tried)
            if error is None:
                yield tried.chunk, self._take(tried)
            elif _is_killed(error):
                yield tried.chunk, None
            elif isinstance(error, DuchaError):
                raise error
            elif tried.number < _TRIES:
                waiting.append((tried.chunk, tried.number + 1))
            else:
                yield tried.chunk, self.give_up(tried.chunk, f"工作进程里程序出错（{type(error).__name__}：{error}）")

    def _give(self, chunk: Chunk, number: int) -> None:
        folder = self.attempts / f"{chunk.number:06d}-{uuid4().hex}"
        future = self.client.submit(work, chunk, self.settings, str(folder), key=f"ducha-{folder.name}", pure=False)
        self.under_way[future.key] = _Try(chunk, folder, number, future)
        future.add_done_callback(self.back.put)

    def _count_workers(self) -> int:
        """Workers that are connected now: as many chunks may be under way, so that none is blamed that only waited behind another.

        Raises
        ------
        ScaleError : there has been none for too long.
        """
        found = 0
        with suppress(OSError, TimeoutError, ValueError, AttributeError):
            found = len(self.client.nthreads()) if self.client.status == "running" else 0
        now = time.monotonic()
        if found:
            self.last_seen = now
        elif now - self.last_seen > self.patience:
            what = "没有工作进程了" if self.client.status == "running" else "与 Dask 调度器的连接断了"
            raise ScaleError(f"{what}，已等 {self.patience:.0f} 秒", remedy=_REMEDY)
        return found

    def _error_of(self, tried: _Try) -> BaseException | None:
        if tried.future.status == "finished":
            return None
        if tried.future.status == "error":
            error: BaseException = tried.future.exception()
            return error
        raise ScaleError("Dask 调度器取消了判读，或已重新启动", remedy=_REMEDY)

    def _take(self, tried: _Try) -> tuple[FileDone, ...]:
        """Put what the worker wrote in its place. Only one try of a chunk is ever taken."""
        done: tuple[FileDone, ...] = tried.future.result()
        self._put(tried.chunk, done, tried.folder)
        shutil.rmtree(tried.folder, ignore_errors=True)
        return done

    def give_up(self, chunk: Chunk, reason: str) -> tuple[FileDone, ...]:
        """The records of a chunk that could not be done: the cause is in one of its files, which of them is not known."""
        said = f"{reason}（这一组有 {'、'.join(file.name for file in chunk.files)}）" if len(chunk.files) > 1 else reason
        done = tuple(
            FileDone(file.name, file.folder, file.sha256, failure=Failure(file.name, f"{file.name}：{said}。请逐份单独判读", False)) for file in chunk.files
        )
        empty = self.attempts / f"{chunk.number:06d}-{uuid4().hex}" / PARTS
        empty.mkdir(parents=True)
        (empty / part_name(chunk.number)).touch()
        self._put(chunk, done, empty.parent)
        return done

    def _put(self, chunk: Chunk, done: Sequence[FileDone], written: Path) -> None:
        """Move the outputs of a chunk from the folder of a try to where they belong; what stood there of a run that was cut off gives way."""
        reports, parts = (self.attempts.parent / name for name in (REPORTS, PARTS))
        part = part_name(chunk.number)
        try:
            for folder in (reports, parts):
                folder.mkdir(exist_ok=True)
            for file in done:
                if (reports / file.folder).exists():
                    shutil.rmtree(reports / file.folder)
                if file.failure is None:
                    (written / REPORTS / file.folder).replace(reports / file.folder)
            (written / PARTS / part).replace(parts / part)
        except OSError as error:
            raise OutputError(f"不能取回工作进程写出的结果（{error.strerror}）", where=str(written), remedy="请检查磁盘空间和权限") from error

    def let_go(self) -> None:
        """Give up what is still under way."""
        with suppress(Exception):
            self.client.cancel([tried.future for tried in self.under_way.values()], force=True)


def _is_killed(error: BaseException) -> bool:
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    return isinstance(error, KilledWorker)
