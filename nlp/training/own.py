"""The governments of one's own: what a corpus must know of the place whose corrected quarters it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from nlp.errors import CorpusError
from nlp.training.corpus import PERIODS, read_government

GOVERNMENT: Final = "government.toml"
TRAIN: Final = "train"
# Stands where a report names no place; it must be words that no report holds, since the names of places are swapped while a model learns.
_NO_PLACE: Final = "未列政府"
# What a folder name must not hold on any system.
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')


def is_quarter(period: str) -> bool:
    """Whether reports of this period (`2024Q1`) can be part of a corpus, which knows quarters alone."""
    return period[4:].lower() in PERIODS


def quarter_file(period: str) -> str:
    """The name of the file that holds a period of a government."""
    return f"{period[4:].lower()}.jsonl"


def folder_name(place: str, period: str) -> str:
    """A folder name for a place and the year of a period, good on every system."""
    kept = "".join(c for c in place if c.isprintable() and c not in _FORBIDDEN).strip(" .")
    return f"{kept or _NO_PLACE}{period[:4]}"


def ensure_government(folder: Path, *, place: str, period: str, split: str = TRAIN) -> bool:
    """Write `government.toml` where there is none yet; whether it was written.

    Raises
    ------
    CorpusError : the government there is of another year.
    """
    year = int(period[:4])
    if (folder / GOVERNMENT).is_file():
        found = read_government(folder)
        if found.year != year:
            raise CorpusError(f"{GOVERNMENT} 写明是 {found.year} 年，报告期为 {period}", where=str(folder), remedy="一个文件夹只收一年，请另用一个文件夹")
        return False
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{GOVERNMENT}"
    # A JSON text is a TOML text too.
    temporary.write_text(
        f'place = {json.dumps(place if len(place) > 1 else _NO_PLACE, ensure_ascii=False)}\nyear = {year}\nsplit = "{split}"\n', encoding="utf-8", newline="\n"
    )
    temporary.replace(folder / GOVERNMENT)
    return True
