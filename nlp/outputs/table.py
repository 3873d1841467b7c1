"""Tables for programs: csv with BOM, JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nlp.outputs.cells import display, inert
from nlp.outputs.sheets import columns_of
from nlp.wording import Wording, names


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, UTF-8, keys in the order of the row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], *, wording: Wording | None = None) -> None:
    """The items as csv, UTF-8 with BOM for Excel; a cell that begins like a formula gets an apostrophe in front."""
    words = wording or names()
    columns = [column for column in columns_of("items", wording=words) if not column.marked and not column.hidden]
    with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(column.header for column in columns)
        for row in rows:
            writer.writerow(inert(display(row, column.key, wording=words)) for column in columns)
