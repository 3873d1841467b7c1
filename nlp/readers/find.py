"""Which files are reports: those named, and those in folders named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nlp.errors import UsageError
from nlp.readers.container import SUFFIXES


def find_reports(paths: Sequence[Path]) -> list[Path]:
    """The report files named, and those in folders named (not below them), sorted; hidden and temporary files are left out.

    Raises
    ------
    UsageError : a folder holds no report, or no path was given.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES and not p.name.startswith((".", "~$")))
            if not inside:
                raise UsageError(f"文件夹里没有报告文件（{' '.join(sorted(SUFFIXES))}）", where=str(path), remedy="请指定报告文件或含有报告的文件夹")
            found += inside
        else:
            found.append(path)
    if not found:
        raise UsageError("没有指定报告文件")
    return list(dict.fromkeys(found))
