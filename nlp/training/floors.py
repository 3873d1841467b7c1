"""The least that a model must reach before it is used: one line of a csv a figure."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from nlp.errors import ResourceError
from nlp.labels import AT_RISK, STATUSES

MACRO: Final = "macro"
ALL: Final = "all"
METRICS: Final = ("precision", "recall", "f1")
COLUMNS: Final = ("field", "label", "metric", "least")
# Field -> its labels. `item` leaves out what rests on arithmetic; `span` counts problem spans that share 0.3 of the union.
FIELDS: Final = {"statement": (*STATUSES, MACRO), "item": (*STATUSES, MACRO), "span": (ALL,)}
# Without it a list of floors guards nothing: what is not seen is not chased.
_NEEDED: Final = ("statement", AT_RISK, "recall")


@dataclass(frozen=True)
class Floor:
    """A figure by field, label and metric, and the least, in (0, 1], that it must be."""

    field: str
    label: str
    metric: str
    least: float


def load_floors(path: Path | None = None) -> list[Floor]:
    """The floors that ship with the program, or those of a file of the same form; those of at_risk first, else in the order of the file.

    Raises
    ------
    ResourceError : a column, field, label or metric is unknown, a figure stands twice, a least is not in (0, 1],
        or the recall of at_risk statements is missing.
    """
    where = str(path or "floors.csv")
    try:
        text = (path or files("nlp").joinpath("resources/floors.csv")).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(f"读不出来（{type(error).__name__}）", where=where, remedy="请给出 UTF-8 的 csv") from error
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ResourceError(f"表头为 {','.join(reader.fieldnames or ())}，应为 {','.join(COLUMNS)}", where=where)
    floors = [_floor(row, where=f"{where} 第 {n} 行") for n, row in enumerate(reader, start=2)]
    keys = [(floor.field, floor.label, floor.metric) for floor in floors]
    if twice := sorted({",".join(key) for key in keys if keys.count(key) > 1}):
        raise ResourceError(f"{'、'.join(twice)} 出现两次", where=where)
    if _NEEDED not in keys:
        raise ResourceError(f"缺少 {','.join(_NEEDED)} 的下限", where=where)
    return sorted(floors, key=lambda floor: floor.label != AT_RISK)


def _floor(row: dict[str, str | None], *, where: str) -> Floor:
    field, label, metric, given = (row.get(name) or "" for name in COLUMNS)
    if None in row or field not in FIELDS or label not in FIELDS[field] or metric not in METRICS or (label == MACRO and metric != "f1"):
        raise ResourceError(f"不认识 {field},{label},{metric}", where=where, remedy="写法见 nlp/resources/floors.csv；macro 只有 f1")
    try:
        least = float(given)
    except ValueError as error:
        raise ResourceError(f"下限 {given} 不是数", where=where) from error
    if not 0 < least <= 1:
        raise ResourceError(f"下限为 {given}，应大于 0、至多为 1", where=where)
    return Floor(field, label, metric, least)
