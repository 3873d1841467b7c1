"""The rows that are compared: what `items.jsonl` says of an item, as far as a comparison needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp.errors import InputError
from nlp.labels import SEVERITIES, STATUSES
from nlp.records import Period, Source


@dataclass(frozen=True)
class Figure:
    """A result of a row: what it counts, its kind (`labels.TARGET_KINDS`), target and result in their units as written."""

    name: str
    kind: str
    target: float
    target_unit: str
    result: float
    unit: str


@dataclass(frozen=True)
class Row:
    """One row of a period; `key` names it within its report, `statements` are (text, status) in order, `severity` is 0 to 3."""

    key: str
    number: str
    task: str
    units: tuple[str, ...]
    text: str
    status: str
    severity: int
    statements: tuple[tuple[str, str], ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Quarter:
    """The rows of one report in report order, with its file, place (empty where unknown) and period."""

    file: str
    place: str
    period: Period
    rows: tuple[Row, ...]

    @property
    def year(self) -> int:
        """The year that the period lies in."""
        return int(self.period.code[:4])


def item_key(source: Source) -> str:
    """The key of the row that was read from `source`: unique within a report, the same for an `Item` and its line in `items.jsonl`."""
    return str(source)


def read_row(record: Mapping[str, Any], *, where: str) -> Row:
    """A line of `items.jsonl` as a row.

    Raises
    ------
    InputError : a key is missing, or a value is none that this program writes; the message names `where`.
    """
    try:
        source = record["source"]
        row = Row(
            key=item_key(Source(source["file"], source["row"], source.get("sheet"), source.get("page"))),
            number=record["number"],
            task=record["task"],
            units=tuple(record["units"]),
            text=record["text"],
            status=record["status"],
            severity=record["severity"],
            statements=tuple((s["text"], s["status"]) for s in record["statements"]),
            figures=tuple(
                Figure(i["name"], i["kind"], float(i["target"]), i["target_unit"], float(i["result"]), i["result_unit"]) for i in record["indicators"]
            ),
        )
    except KeyError as error:
        raise InputError(f"缺少键 {error.args[0]}", where=where, remedy="请用 ducha run 重新判读这份报告") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError("不是 ducha run 写出的任务行", where=where, remedy="请用 ducha run 重新判读这份报告") from error
    if row.status not in STATUSES or row.severity not in SEVERITIES or not all(isinstance(value, str) for value in (row.number, row.task, row.text)):
        raise InputError(f"状态 {row.status!r} 或严重程度 {row.severity!r} 不认识", where=where, remedy="请用 ducha run 重新判读这份报告")
    return row
