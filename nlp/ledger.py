"""The ledger of a run over many files: what was to be done, and a line for each chunk that is done, so that a run that was cut off goes on where it stopped.

Beside the folder `OUT` of the outputs stands `OUT.partial` as long as the run is not over. In it:

    ledger.jsonl   first what the run was told and of which files, then one line a chunk, each on the disk before the next is begun
    reports/       the outputs, which become `OUT` at the end
    parts/         the risks of each chunk, for the list over all reports
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from nlp.chunks import ATTEMPTS, PARTS, REPORTS, part_name
from nlp.errors import OutputError, UsageError
from nlp.fingerprint import compare_heads, fingerprint
from nlp.lock import LOCK, locked
from nlp.plan import Chunk
from nlp.run_record import FileDone
from nlp.settings import Settings, Tools

LEDGER: Final = "ledger.jsonl"
_SUFFIX: Final = ".partial"
_OLD: Final = "old"
_STAGED: Final = f".{LEDGER}.tmp"
_OWN: Final = frozenset({LEDGER, REPORTS, PARTS, ATTEMPTS, LOCK, _OLD, _STAGED})
_BUSY: Final = "另一次判读正在写入"
_MOST_NAMED: Final = 3


@dataclass
class Ledger:
    """The ledger of a run that is under way: its folder, where each chunk's line stands, files and items done before this start, seconds worked."""

    folder: Path
    chunks: Sequence[Chunk]
    file: BinaryIO
    seconds: float = 0.0
    files: int = 0
    items: int = 0
    # Nothing is kept to go on from once it is closed.
    is_over: bool = False
    _places: dict[int, int] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> tuple[Chunk, ...]:
        """The chunks that are still to be done, in their order."""
        return tuple(chunk for chunk in self.chunks if chunk.number not in self._places)

    def add(self, number: int, done: Sequence[FileDone]) -> None:
        """Write down that a chunk is done; it is on the disk when this returns. Raises `OutputError` where it cannot be written."""
        now = time.perf_counter()
        line = {"chunk": number, "seconds": round(now - self._last, 3), "files": [file.to_json() for file in done]}
        try:
            place = self.file.seek(0, os.SEEK_END)
            self.file.write(_line(line))
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise OutputError(f"写入失败（{error.strerror}）", where=str(self.folder / LEDGER), remedy="请检查磁盘空间和权限") from error
        self._places[number] = place
        self.seconds += now - self._last
        self._last = now

    def entries(self) -> Iterator[FileDone]:
        """What was done of each file, in the order of the files whatever the order in which they were done; one chunk at a time is in memory."""
        for number in sorted(self._places):
            self.file.seek(self._places[number])
            yield from map(FileDone.from_json, json.loads(self.file.readline())["files"])

    def risks(self) -> Iterator[dict[str, Any]]:
        """The risks of the chunks, in the order of the files."""
        for number in sorted(self._places):
            with (self.folder / PARTS / part_name(number)).open(encoding="utf-8") as part:
                yield from map(json.loads, part)

    def count_up(self) -> float:
        """Seconds worked on the run up to now, those of earlier starts with them."""
        return self.seconds + time.perf_counter() - self._last


def working_folder(out: Path) -> Path:
    """The folder beside that of the outputs in which a run over several files works."""
    out = out.absolute()
    return out.with_name(out.name + _SUFFIX)


@contextmanager
def open_ledger(out: Path, *, chunks: Sequence[Chunk], settings: Settings, tools: Tools, restart: bool = False) -> Iterator[Ledger]:
    """The ledger of the run that writes into `out`: a new one, or that of the same run where it was cut off. Nobody else can open it meanwhile.

    Parameters
    ----------
    restart : begin anew, whatever was done before.

    Raises
    ------
    UsageError : a run with other settings or files was cut off here; says what differs.
    OutputError : another run works here, the folder holds what is not of a run, or nothing can be written.
    """
    folder = working_folder(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = sorted(path.name for path in folder.iterdir() if path.name not in _OWN)
    except OSError as error:
        raise OutputError(f"不能在此写入（{error.strerror}）", where=str(folder), remedy="请用 --out 指定可写的文件夹") from error
    if strange:
        raise OutputError(
            f"文件夹里有别的文件（{'、'.join(strange[:_MOST_NAMED])}），不是没有做完的判读", where=str(folder), remedy="请用 --out 指定另一个文件夹"
        )
    with locked(folder, by="ducha run", what=_BUSY):
        restore(out)
        head = fingerprint(chunks, settings=settings, tools=tools)
        found = None if restart else _read_head(folder / LEDGER)
        if found is not None and (differences := compare_heads(found, head)):
            raise UsageError(
                f"上次没有做完的判读与这次不同：{'；'.join(differences)}",
                where=str(folder),
                remedy="照上次的设置和文件再运行一次即接着判读；不要上次的结果请加 --restart 从头开始",
            )
        try:
            if found is None:
                _clear(folder)
                _write_head(folder, head)
            with (folder / LEDGER).open("r+b") as file:
                ledger = Ledger(folder, chunks, file)
                _read_lines(ledger)
                yield ledger
            if ledger.is_over:
                _clear(folder)
                # Windows removes no file that is open; elsewhere the lock has to go while it is held, lest it be another's.
                if sys.platform != "win32":
                    _remove(folder)
        except OSError as error:
            raise OutputError(f"写入失败（{error.strerror}）", where=str(folder), remedy="请检查磁盘空间和权限") from error
    if sys.platform == "win32" and ledger.is_over:
        _remove(folder)


def put_in_place(ledger: Ledger, out: Path) -> None:
    """Let what was written become `out`; what stood there and the working folder go once the ledger is closed.

    Raises
    ------
    OutputError : it cannot take its place; what stood there stands again, and the run can go on from here.
    """
    folder, out = ledger.folder, out.absolute()
    old = folder / _OLD
    try:
        if out.exists():
            out.replace(old)
        (folder / REPORTS).replace(out)
    except OSError as error:
        restore(out)
        raise OutputError(
            f"不能换上新的输出（{error.strerror}）", where=str(out), remedy="请关闭正打开其中文件的程序（如 Excel），再运行同一条命令，已判读的不必重做"
        ) from error
    ledger.is_over = True


def restore(out: Path) -> None:
    """Put back what stood at `out` where a run was cut off while it was being replaced."""
    old = working_folder(out) / _OLD
    if old.is_dir() and not out.exists():
        with suppress(OSError):
            old.replace(out)


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _write_head(folder: Path, head: Mapping[str, Any]) -> None:
    staged = folder / _STAGED
    with staged.open("wb") as file:
        file.write(_line(head))
        file.flush()
        os.fsync(file.fileno())
    staged.replace(folder / LEDGER)


def _read_head(path: Path) -> dict[str, Any] | None:
    """The first line; None where there is none, it is no fingerprint, or nothing was done after it."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
            if not file.readline().endswith(b"\n"):
                return None
    except (FileNotFoundError, ValueError):
        return None
    return head if isinstance(head, dict) and "files" in head else None


def _read_lines(ledger: Ledger) -> None:
    """Take up what is done. A last line that was cut off is cut away; a chunk whose outputs are gone counts as not done."""
    ledger.file.readline()
    known = {chunk.number for chunk in ledger.chunks}
    place = ledger.file.tell()
    counted: dict[int, tuple[int, int]] = {}
    while line := ledger.file.readline():
        try:
            if not line.endswith(b"\n"):
                raise ValueError("cut off")
            entry = json.loads(line)
            done = [FileDone.from_json(file) for file in entry["files"]]
            number, seconds = int(entry["chunk"]), float(entry["seconds"])
        except (ValueError, KeyError, TypeError):
            break
        ledger.seconds += seconds
        if number in known and _stands(ledger.folder, number, done):
            ledger._places[number] = place
            counted[number] = (len(done), sum(file.judged for file in done))
        place = ledger.file.tell()
    ledger.file.truncate(place)
    ledger.files = sum(files for files, _ in counted.values())
    ledger.items = sum(items for _, items in counted.values())


def _stands(folder: Path, number: int, done: Iterable[FileDone]) -> bool:
    return (folder / PARTS / part_name(number)).is_file() and all(file.failure or (folder / REPORTS / file.folder).is_dir() for file in done)


def _clear(folder: Path) -> None:
    """Remove what a run left in its working folder, the lock apart."""
    for name in (REPORTS, PARTS, ATTEMPTS, _OLD):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (LEDGER, _STAGED):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        (folder / LOCK).unlink()
        folder.rmdir()
