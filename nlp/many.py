"""A run over several files: chunk after chunk into the working folder, each written down as it is done, then the summary, then all of it into its place."""

from __future__ import annotations

import json
import textwrap
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.chunks import REPORTS, sync
from nlp.errors import DuchaError, Interrupted
from nlp.flow import Done, run_chunks
from nlp.ledger import Ledger, open_ledger, put_in_place
from nlp.outputs.folder import RUN_FILE, check_target
from nlp.overall import Overall, failures_of, gather
from nlp.plan import Chunk, plan
from nlp.progress import Progress
from nlp.run_record import Failure, FileDone, run_foot, run_head
from nlp.settings import Settings, Tools, tools_of


@dataclass(frozen=True)
class ManyDone:
    """What a run over several files did; the overall result has no report where every file failed, and nothing was written."""

    overall: Overall
    failures: tuple[Failure, ...]
    seconds: float


# Does the chunks, in whatever order and wherever, and gives each back once its outputs stand in the folder named.
Runner = Callable[[Sequence[Chunk], Settings, Path, Callable[[Chunk, int], None]], Generator[Done, None, None]]


def run_here(chunks: Sequence[Chunk], settings: Settings, workdir: Path, progress: Callable[[Chunk, int], None]) -> Generator[Done, None, None]:
    """The runner of this process (`nlp.flow`)."""
    return run_chunks(chunks, settings, workdir, progress=progress)


def run_many(
    files: Sequence[Path],
    *,
    out: Path,
    settings: Settings,
    force: bool = False,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
    runner: Runner = run_here,
) -> ManyDone:
    """Judge the files and write them into `out`, whole or not at all; what was done before a run was cut off is not done again.

    Raises
    ------
    Interrupted : Ctrl-C; says how to go on.
    DuchaError : nothing stands in `out`; what is done is kept, and the message says how to go on.
    """
    tools = tools_of(settings)
    chunks = plan(files)
    with open_ledger(out, chunks=chunks, settings=settings, tools=tools, restart=restart) as ledger:
        count = _Count(ledger, progress)
        try:
            with closing(runner(ledger.left, settings, ledger.folder, count.items_of)) as results:
                for chunk, done in results:
                    ledger.add(chunk.number, done)
                    count.add(chunk, done)
            overall = gather(ledger.entries(), risks=ledger.risks(), aliases=tools.aliases)
            failures = failures_of(ledger.entries())
            if overall.reports:
                _write_overall(ledger, overall, failures, settings=settings, tools=tools)
                # Whatever may have come there since the run began.
                check_target(out, force=force)
                put_in_place(ledger, out)
        except KeyboardInterrupt as error:
            raise Interrupted(f"已中断，{_kept(ledger, count)}") from error
        except DuchaError as error:
            if count.files_done:
                raise type(error)(
                    error.what, where=error.where, remedy=f"{error.remedy}；{_kept(ledger, count)}" if error.remedy else _kept(ledger, count)
                ) from error
            raise
        ledger.is_over = True
        return ManyDone(overall, failures, ledger.count_up())


def _kept(ledger: Ledger, count: _Count) -> str:
    total = sum(len(chunk.files) for chunk in ledger.chunks)
    return f"已完成 {count.files_done} 份（共 {total} 份），保存在 {ledger.folder}；再运行同一条命令即接着判读"


class _Count:
    """Counts what is done and says so, from whatever thread; time left is told by the bytes that are left."""

    def __init__(self, ledger: Ledger, progress: Callable[[Progress], None] | None) -> None:
        self._progress, self._started, self._lock = progress, time.perf_counter(), threading.Lock()
        self._resumed = (ledger.files, ledger.items)
        self.files_done, self._items = self._resumed
        self._files = sum(len(chunk.files) for chunk in ledger.chunks)
        self._bytes_left = self._bytes = sum(map(_size, ledger.left))
        # Items judged of the chunks that are not yet written down.
        self._under_way: dict[int, int] = {}
        self._say("")

    def add(self, chunk: Chunk, done: Sequence[FileDone]) -> None:
        """A chunk is done and written down."""
        with self._lock:
            self._under_way.pop(chunk.number, None)
            self.files_done += len(done)
            self._items += sum(file.judged for file in done)
            self._bytes_left -= _size(chunk)
            self._say(done[-1].file)

    def items_of(self, chunk: Chunk, items: int) -> None:
        """So many items of a chunk are judged."""
        with self._lock:
            self._under_way[chunk.number] = items
            self._say(chunk.files[0].name)

    def _say(self, file: str) -> None:
        if not self._progress:
            return
        seconds = time.perf_counter() - self._started
        gone, items = self._bytes - self._bytes_left, self._items + sum(self._under_way.values())
        left = seconds / gone * self._bytes_left if gone else None
        self._progress(Progress(file, items, 0, self.files_done, self._files, self._resumed, seconds, left))


def _size(chunk: Chunk) -> int:
    return sum(file.size for file in chunk.files) + 1


def _write_overall(ledger: Ledger, overall: Overall, failures: Sequence[Failure], *, settings: Settings, tools: Tools) -> None:
    from nlp.outputs.summary import write_summary  # noqa: PLC0415

    folder = ledger.folder / REPORTS
    written = write_summary(folder, overall, formats=settings.formats, wording=tools.wording)
    head = run_head(model_id=tools.model_id, yardstick_id=tools.yardstick.id, aliases=tools.aliases, seconds=ledger.count_up())
    records = (entry.record for entry in ledger.entries() if entry.record)
    with (folder / RUN_FILE).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_json_lines(head, records, run_foot(failures)))
    sync([*written, folder / RUN_FILE])


def _json_lines(head: Mapping[str, Any], records: Iterable[Mapping[str, Any]], foot: Mapping[str, Any]) -> Iterator[str]:
    """`run.json` as `json.dumps` with an indent of 2 would write it, one report in memory at a time."""
    yield json.dumps(head, ensure_ascii=False, indent=2)[:-2] + ',\n  "files": ['
    for n, record in enumerate(records):
        yield ("," if n else "") + "\n" + textwrap.indent(json.dumps(record, ensure_ascii=False, indent=2), "    ")
    yield "\n  ],\n" + json.dumps(foot, ensure_ascii=False, indent=2)[2:] + "\n"
