"""A comparison as rows for programs and as a workbook for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from nlp.compare.changes import Change, Comparison, worst_first
from nlp.compare.match import Unmatched
from nlp.compare.trends import transitions, unit_trends
from nlp.labels import AT_RISK, CHANGES, DROPPED, FELL_BACK, MOVED, NEW, NEWLY_COMPLETED, RECOVERED, SEVERITY_NAMES, STATUS_NAMES, STATUSES, UNCHANGED, WORSE
from nlp.outputs.cells import CREATED, Column, clean
from nlp.outputs.workbook import write_sheet
from nlp.wording import period_name

CHANGES_FILE: Final = "changes.jsonl"
WORKBOOK_FILE: Final = "compare.xlsx"
_RED: Final = frozenset({WORSE, FELL_BACK})
_GREEN: Final = frozenset({MOVED, RECOVERED, NEWLY_COMPLETED})

_CHANGE_COLUMNS: Final = (
    Column("序号", "number_newer", 6),
    Column("上期序号", "number_older", 6),
    Column("主要任务", "task", 30, wraps=True),
    Column("牵头单位", "units", 14, wraps=True),
    Column("上期状态", "status_older", 8),
    Column("本期状态", "status_newer", 8),
    Column("变化", "changes", 12, wraps=True),
    Column("严重程度", "severities", 9, wraps=True),
    Column("变化依据", "evidence", 34, wraps=True),
    Column("本期落实情况", "text_newer", 48, wraps=True),
    Column("上期落实情况", "text_older", 48, wraps=True, printed=False),
    Column("任务相似度", "similarity", 8, printed=False),
)
_TRANSITION_COLUMNS: Final = (
    Column("上期＼本期", "before", 14),
    *(Column(STATUS_NAMES[status], status, 10) for status in STATUSES),
    Column("取消", DROPPED, 10),
    Column("上期合计", "total", 10),
)
_TREND_COLUMNS: Final = (
    Column("牵头单位", "unit", 30, wraps=True),
    *(
        Column(f"{name}\n{period}", f"{key}_{when}", 8)
        for key, name in {"total": "任务数", **STATUS_NAMES}.items()
        for when, period in (("then", "上期"), ("now", "本期"))
    ),
    Column("有风险\n增减", "at_risk_change", 8),
)
_UNMATCHED_COLUMNS: Final = (
    Column("类别", "kind", 8),
    Column("序号", "number", 6),
    Column("主要任务", "task", 44, wraps=True),
    Column("牵头单位", "units", 18, wraps=True),
    Column("状态", "status", 8),
    Column("疑似对应（请核对）", "possible", 44, wraps=True),
)


def change_row(change: Change) -> dict[str, Any]:
    """One line of `changes.jsonl`."""
    pair = change.pair
    rivals = (("older", pair.older_rivals), ("newer", pair.newer_rivals))
    return {
        "number_older": pair.older.number,
        "number_newer": pair.newer.number,
        "task": pair.newer.task,
        "units": list(pair.newer.units),
        "status_older": pair.older.status,
        "status_newer": pair.newer.status,
        "severity_older": pair.older.severity,
        "severity_newer": pair.newer.severity,
        "changes": list(change.names),
        "similarity": pair.similarity,
        "ambiguous": [{"report": report, "number": row.number, "task": row.task} for report, rows in rivals for row in rows],
        "evidence": change.evidence,
        "key": pair.newer.key,
    }


def item_change(change: Change | None) -> dict[str, Any]:
    """The key `change` of a line of `items.jsonl`; a task that the older report lacks has the one name `new`."""
    if change is None:
        return {"names": [NEW], "older_status": None, "older_number": None}
    return {"names": list(change.names), "older_status": change.pair.older.status, "older_number": change.pair.older.number}


def unmatched_row(unmatched: Unmatched, *, kind: str) -> dict[str, Any]:
    """A task of one period alone, for `run.json`; `kind` is `new` or `dropped`."""
    row = unmatched.row
    possible = [{"number": other.number, "task": other.task} for other in unmatched.possible]
    return {"kind": kind, "number": row.number, "task": row.task, "units": list(row.units), "status": row.status, "possible": possible}


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Workbook with the sheets 变化清单 (worst first), 状态转移, 单位趋势, 新增与取消."""
    older, newer = comparison.older, comparison.newer
    title = f"{newer.place or older.place} {period_name(older.period.code)}与{period_name(newer.period.code)}对比".strip()
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        book.set_properties({"title": clean(title)[:200], "created": CREATED})
        write_sheet(book, "变化清单", title, _CHANGE_COLUMNS, _change_rows(comparison))
        write_sheet(book, "状态转移", title, _TRANSITION_COLUMNS, _transition_rows(comparison))
        write_sheet(book, "单位趋势", title, _TREND_COLUMNS, _trend_rows(comparison))
        write_sheet(book, "新增与取消", title, _UNMATCHED_COLUMNS, _unmatched_rows(comparison))


def _change_rows(comparison: Comparison) -> list[dict[str, Any]]:
    worst = worst_first(comparison.changes)
    keys = {change.pair.newer.key for change in worst}
    rest = [change for change in comparison.changes if change.pair.newer.key not in keys]
    return [
        {
            **change_row(change),
            "severities": _severities(change.pair.older.severity, change.pair.newer.severity),
            "text_older": change.pair.older.text,
            "text_newer": change.pair.newer.text,
            "light": _light(change.names),
        }
        for change in [*worst, *rest]
    ]


def _severities(older: int, newer: int) -> str:
    return SEVERITY_NAMES[newer] if older == newer else f"{SEVERITY_NAMES[older]}→{SEVERITY_NAMES[newer]}"


def _light(names: Sequence[str]) -> str:
    """Colour of a row's changes: red where anything got worse, green where all got better, else yellow; none where nothing changed."""
    if _RED & set(names):
        return "red"
    if set(names) <= _GREEN:
        return "green"
    return "" if tuple(names) == (UNCHANGED,) else "yellow"


def _transition_rows(comparison: Comparison) -> list[dict[str, Any]]:
    table = transitions(comparison.changes)
    gone = {status: sum(unmatched.row.status == status for unmatched in comparison.dropped) for status in STATUSES}
    come = {status: sum(unmatched.row.status == status for unmatched in comparison.new) for status in STATUSES}
    rows = [{"before": STATUS_NAMES[before], **counts, DROPPED: gone[before], "total": sum(counts.values()) + gone[before]} for before, counts in table.items()]
    totals = {status: sum(counts[status] for counts in table.values()) + come[status] for status in STATUSES}
    return [
        *rows,
        {"before": "新增", **come, DROPPED: "", "total": ""},
        {"before": "本期合计", **totals, DROPPED: "", "total": ""},
    ]


def _trend_rows(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for trend in unit_trends(comparison):
        periods = (("then", trend.older), ("now", trend.newer))
        # A table full of noughts hides what is there.
        counts = {f"{status}_{when}": of[status] or "" for status in STATUSES for when, of in periods}
        totals = {f"total_{when}": sum(of.values()) for when, of in periods}
        unit = f"{trend.unit}（原{trend.former}）" if trend.former else trend.unit
        step = trend.at_risk_change
        rows.append({"unit": unit, **totals, **counts, "at_risk_change": f"{step:+d}" if step else "", "light": "red" if step > 0 else "green" if step else ""})
    return rows


def _unmatched_rows(comparison: Comparison) -> list[dict[str, Any]]:
    kinds = (("新增", "上期", comparison.new), ("取消", "本期", comparison.dropped))
    return [
        {
            "kind": kind,
            "number": unmatched.row.number,
            "task": unmatched.row.task,
            "units": list(unmatched.row.units),
            "status": unmatched.row.status,
            "possible": "\n".join(f"{other}第 {row.number} 项：{row.task}" for row in unmatched.possible),
        }
        for kind, other, rows in kinds
        for unmatched in rows
    ]


def count_changes(comparison: Comparison) -> dict[str, int]:
    """Name of a change -> tasks that have it, with `new` and `dropped`, and `ambiguous` for doubtful matches."""
    counts = {name: sum(name in change.names for change in comparison.changes) for name in CHANGES}
    return {
        **counts,
        NEW: len(comparison.new),
        DROPPED: len(comparison.dropped),
        "ambiguous": sum(change.pair.is_ambiguous for change in comparison.changes),
        "at_risk_older": sum(row.status == AT_RISK for row in comparison.older.rows),
        "at_risk_newer": sum(row.status == AT_RISK for row in comparison.newer.rows),
    }
