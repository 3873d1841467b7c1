"""Which files are reports: those named, those in folders named and below them, those that a pattern fits."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from nlp.errors import UsageError
from nlp.readers.container import SUFFIXES

# What marks a folder as outputs of a run, and as one in which a run works: what lies in them was written by this program, some of it as xlsx or html.
_OUTPUTS: Final = ("run.json", "ledger.jsonl")


def find_reports(paths: Sequence[Path]) -> list[Path]:
    """The report files named, those in folders named and below them, and those that a pattern (`*`, `?`, `[`, `**`) fits, each once.

    Hidden and temporary files are left out, and so are folders of outputs of this program.

    Raises
    ------
    UsageError : a folder holds no report, a pattern fits none, or no path was given.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(_below(path))
            if not inside:
                raise UsageError(f"文件夹里没有报告文件（{' '.join(sorted(SUFFIXES))}）", where=str(path), remedy="请指定报告文件或含有报告的文件夹")
            found += inside
        elif glob.has_magic(str(path)) and not path.exists():
            # A Windows console hands patterns over as they were typed.
            fitting = sorted(fits for name in glob.glob(str(path), recursive=True) if _is_report(fits := Path(name)))  # noqa: PTH207
            if not fitting:
                raise UsageError(f"没有符合的报告文件（{' '.join(sorted(SUFFIXES))}）", where=str(path), remedy="请核对通配符，或指定含有报告的文件夹")
            found += fitting
        else:
            found.append(path)
    if not found:
        raise UsageError("没有指定报告文件")
    once: dict[str, Path] = {}
    for path in found:
        once.setdefault(os.path.realpath(path), path)
    return list(once.values())


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        if any(name in names for name in _OUTPUTS):
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path for name in names if _is_report(path := Path(place, name)))


def _is_report(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$")) and path.is_file()
