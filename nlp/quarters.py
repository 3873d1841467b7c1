"""A period to compare: a report file, which is read and judged now, or the output folder of a former run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.by_unit import UnitRow, by_unit
from nlp.compare.changes import compare, repeated
from nlp.compare.rows import Quarter, item_key, read_row
from nlp.errors import InputError, UsageError
from nlp.outputs.comparison import item_change
from nlp.outputs.rows import item_row
from nlp.readers.title import parse_period
from nlp.records import AnnotatedItem, Period, Report
from nlp.unit_names import Aliases

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model
    from nlp.annotate.yardstick import Yardstick

ITEMS_FILE: Final = "items.jsonl"


@dataclass(frozen=True)
class Since:
    """What a period before says of a report: a `change` for each item in order, keys of the items that copy it, warnings."""

    changes: tuple[dict[str, Any], ...]
    repeated: frozenset[str]
    warnings: tuple[str, ...]


def read_quarter(
    path: Path,
    *,
    option: str,
    period: Period | None = None,
    model: Model | None = None,
    yardstick: Yardstick | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Quarter:
    """The rows of one period.

    Parameters
    ----------
    path : a report of any format, an output folder, or its `items.jsonl`.
    option : the option by which a user names the period of this file; stands in the message where none was found.
    period : overrides what the report says of its period.
    model : reads the words of a report file; None leaves them to the cue rules. An output folder keeps what was judged then.
    progress : called with file name, items done and items in all.

    Raises
    ------
    InputError : the file, or a line of `items.jsonl`, cannot be read.
    UsageError : there is nothing to compare at `path`, or no period was found and none given.
    """
    if path.is_dir() or path.name.endswith(".jsonl"):
        return _read_outputs(path, period=period)
    from nlp.annotate.pipeline import annotate  # noqa: PLC0415
    from nlp.readers import read_report  # noqa: PLC0415

    try:
        report = read_report(path, period=period)
    except UsageError as error:
        if period is None and "报告期" in error.what:
            raise UsageError(error.what, where=error.where, remedy=f"请加 {option}，例如 {option} 2023Q1（一季度）") from error
        raise
    done = (lambda n: progress(path.name, n, len(report.items))) if progress else None
    annotated = annotate(report.items, period=report.period, model=model, yardstick=yardstick, progress=done)
    return _quarter(report, annotated)


def _quarter(report: Report, annotated: Sequence[AnnotatedItem]) -> Quarter:
    rows = (read_row(item_row(item, report=report, risk=None), where=str(item.item.source)) for item in annotated)
    return Quarter(report.file, report.place, report.period, tuple(rows))


def hold_against(older: Quarter, *, report: Report, annotated: Sequence[AnnotatedItem]) -> Since:
    """A report as judged, held against the period before; raises `UsageError` as `check_order` does."""
    newer = _quarter(report, annotated)
    warnings = check_order(older, newer)
    comparison = compare(older, newer)
    by_key = {change.pair.newer.key: change for change in comparison.changes}
    changes = tuple(item_change(by_key.get(item_key(item.item.source))) for item in annotated)
    return Since(changes, repeated(comparison.changes), warnings)


def units_of(quarter: Quarter, *, aliases: Aliases) -> tuple[UnitRow, ...]:
    """The state of affairs by unit of a period before, for the change of rank; scores are not known and stand as 0."""
    rows = [{"units": row.units, "status": row.status, "severity": row.severity, "risk": {"score": 0.0}} for row in quarter.rows]
    return by_unit(rows, aliases=aliases)


def _read_outputs(path: Path, *, period: Period | None) -> Quarter:
    file = path / ITEMS_FILE if path.is_dir() else path
    if not file.is_file():
        inside = sorted(p.name for p in path.iterdir() if (p / ITEMS_FILE).is_file()) if path.is_dir() else []
        remedy = f"里面有 {'、'.join(inside)}，请指定其中一个" if inside else "请指定报告文件，或 ducha run 写出的文件夹（含 items.jsonl）"
        raise UsageError("没有 items.jsonl", where=str(path), remedy=remedy)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("读不出来，不是 ducha run 写出的 UTF-8 文件", where=str(file), remedy="请用 ducha run 重新判读这份报告") from error
    records = [_parse(line, where=f"{file} 第 {n} 行") for n, line in enumerate(lines, start=1) if line.strip()]
    if not records:
        raise InputError("没有一行任务", where=str(file), remedy="请用 ducha run 重新判读这份报告")
    rows = tuple(read_row(record, where=f"{file} 第 {n} 行") for n, record in enumerate(records, start=1))
    first = records[0]
    try:
        found = period or parse_period(str(first["period"]))
    except (KeyError, UsageError) as error:
        raise InputError("没有写明报告期", where=f"{file} 第 1 行", remedy="请用 ducha run 重新判读这份报告") from error
    return Quarter(str(first["source"]["file"]), str(first.get("place", "")), found, rows)


def _parse(line: str, *, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError("不是 JSON", where=where, remedy="请用 ducha run 重新判读这份报告") from error
    if not isinstance(record, dict):
        raise InputError("不是 ducha run 写出的任务行", where=where, remedy="请用 ducha run 重新判读这份报告")
    return record


def check_order(older: Quarter, newer: Quarter) -> tuple[str, ...]:
    """Warnings, one line each: the same period twice, two places.

    Raises
    ------
    UsageError : the newer period ends before the older one.
    """
    ends = [(quarter.year, quarter.period.elapsed) for quarter in (older, newer)]
    if ends[1] < ends[0]:
        raise UsageError(f"新的一期（{newer.period.code}）早于旧的一期（{older.period.code}）", remedy="请把两份报告对调：先旧后新")
    warnings = []
    if ends[0] == ends[1]:
        warnings.append(f"两份报告是同一期（{newer.period.code}），比较结果只说明文字异同")
    if older.place and newer.place and older.place != newer.place:
        warnings.append(f"两份报告不是一个地方（{older.place}、{newer.place}），对应关系未必成立")
    return tuple(warnings)
