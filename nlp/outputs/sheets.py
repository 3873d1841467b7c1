"""The sheets of the workbook: which columns, and the rows made for them from item rows, risk rows and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nlp.by_unit import NO_UNIT, UnitRow
from nlp.labels import AT_RISK, STATUSES
from nlp.outputs.cells import Column, clean, display
from nlp.outputs.corrections import CHECKED, checksum, record_of
from nlp.text import number
from nlp.unit_names import Proposal
from nlp.wording import Wording

# Name of the header in the wording, key of the row, width, and W wraps, S on the screen alone, M marked to be filled in, H hidden.
_Columns = tuple[tuple[str, str, int, str], ...]
# Of a unit, in one report and over all.
_OF_A_UNIT: Final[_Columns] = (
    ("light", "light", 6, ""),
    ("led", "led", 7, ""),
    ("joined", "joined", 7, ""),
    *((status, status, 8, "") for status in STATUSES),
    ("at_risk_share", "at_risk_share", 11, ""),
    ("at_risk_shrunk", "at_risk_shrunk", 12, ""),
    ("completed_share", "completed_share", 10, ""),
    ("completed_shrunk", "completed_shrunk", 12, ""),
    ("top_score", "top_score", 11, ""),
    ("wordings", "wordings", 30, "W"),
)
_COLUMNS: Final[Mapping[str, _Columns]] = {
    "risks": (
        ("rank", "rank", 6, ""),
        ("score", "score", 8, ""),
        ("number", "number", 6, ""),
        ("task", "task", 34, "W"),
        ("units", "units", 16, "W"),
        ("status", "status", 8, ""),
        ("basis", "basis", 9, ""),
        ("severity", "severity", 9, ""),
        ("finding", "finding", 36, "W"),
        ("summary", "summary", 34, "W"),
        ("source", "source", 16, "W"),
        ("why", "why", 44, "WS"),
        ("terms", "terms", 26, "WS"),
    ),
    "items": (
        ("number", "number", 6, ""),
        ("task", "task", 32, "W"),
        ("units", "units", 16, "W"),
        ("text", "text", 60, "W"),
        ("status", "status", 8, ""),
        ("basis", "basis", 9, ""),
        ("severity", "severity", 9, ""),
        ("problems", "problems", 30, "W"),
        ("correct_status", "correct_status", 10, "SM"),
        ("correct_problems", "correct_problems", 30, "WSM"),
        ("remark", "remark", 20, "WSM"),
        ("reason", "reason", 30, "WS"),
        ("summary", "summary", 36, "WS"),
        ("words_against_figures", "words_against_figures", 11, "S"),
        ("confidence", "confidence", 7, "S"),
        ("needs_review", "needs_review", 8, "S"),
        ("source", "source", 16, "WS"),
        ("id", "id", 8, "SH"),
        ("check", "check", 18, "SH"),
        ("record", "record", 18, "SH"),
    ),
    "statements": (
        ("number", "number", 6, ""),
        ("units", "units", 16, "W"),
        ("statement_number", "statement_number", 6, ""),
        ("statement", "statement", 64, "W"),
        ("status", "status", 9, ""),
        *((status, f"p_{status}", 9, "") for status in STATUSES),
        ("problems", "problems", 40, "W"),
        ("source", "source", 16, "W"),
    ),
    "indicators": (
        ("number", "number", 6, ""),
        ("task", "task", 32, "W"),
        ("units", "units", 16, "W"),
        ("name", "name", 22, "W"),
        ("target", "target", 12, ""),
        ("result", "result", 12, ""),
        ("ratio", "ratio", 9, ""),
        ("expected", "expected", 8, ""),
        ("verdict", "verdict", 10, ""),
        ("arithmetic", "arithmetic", 34, "W"),
        ("item_status", "status", 9, ""),
        ("words_against_figures", "words_against_figures", 11, ""),
        ("source", "source", 16, "WS"),
    ),
    "units": (
        ("unit_rank", "unit_rank", 6, ""),
        ("rank_change", "rank_change", 9, ""),
        ("unit", "unit", 28, "W"),
        *_OF_A_UNIT,
    ),
    "places": (
        ("unit_rank", "unit_rank", 6, ""),
        ("place", "place", 14, "W"),
        ("period", "period", 9, ""),
        ("title", "title", 34, "W"),
        ("light", "light", 6, ""),
        ("count", "count", 8, ""),
        *((status, status, 8, "") for status in STATUSES),
        ("at_risk_share", "at_risk_share", 11, ""),
        ("at_risk_shrunk", "at_risk_shrunk", 12, ""),
        ("top_score", "top_score", 11, ""),
        ("to_review", "to_review", 8, ""),
        ("folder", "folder", 24, "W"),
        ("file", "file", 24, "WS"),
        ("failure", "failure", 44, "W"),
    ),
    "all_risks": (
        ("rank", "rank", 6, ""),
        ("score", "score", 8, ""),
        ("place", "place", 12, "W"),
        ("period", "period", 9, ""),
        ("number", "number", 6, ""),
        ("task", "task", 34, "W"),
        ("units", "units", 16, "W"),
        ("status", "status", 8, ""),
        ("basis", "basis", 9, ""),
        ("severity", "severity", 9, ""),
        ("finding", "finding", 36, "W"),
        ("summary", "summary", 34, "W"),
        ("file", "file", 22, "W"),
        ("source", "source", 14, "W"),
        ("report_rank", "report_rank", 9, ""),
        ("why", "why", 44, "WS"),
        ("terms", "terms", 26, "WS"),
    ),
    "all_units": (
        ("unit_rank", "unit_rank", 6, ""),
        ("unit", "unit", 28, "W"),
        ("reports", "reports", 8, ""),
        *_OF_A_UNIT,
    ),
    "aliases": (
        ("alias_name", "alias_name", 34, "W"),
        ("alias_other", "alias_other", 34, "W"),
        ("similarity", "similarity", 10, ""),
    ),
    "changes": (
        ("number", "number", 6, ""),
        ("older_number", "older_number", 9, ""),
        ("task", "task", 36, "W"),
        ("units", "units", 16, "W"),
        ("older_status", "older_status", 9, ""),
        ("status", "status", 9, ""),
        ("change_names", "changes", 16, "W"),
        ("severity", "severity", 9, ""),
        ("summary", "summary", 44, "W"),
        ("source", "source", 16, "W"),
    ),
}
# Each printed page is as wide as its columns: these stand in a sheet only where a row fills them.
_OPTIONAL: Final = frozenset({"rank_change", "wordings", "why", "failure", "place"})


def columns_of(sheet: str, *, wording: Wording, rows: Sequence[Mapping[str, Any]] | None = None) -> tuple[Column, ...]:
    """The columns of a sheet, without those that no row fills: `risks`, `items`, `statements`, `indicators`, `units`, `aliases`, `changes`, and of several
    reports together `places`, `all_risks`, `all_units`.
    """
    labels = {"status": wording.statuses.values(), "older_status": wording.statuses.values(), "basis": wording.bases.values()}
    labels |= {"verdict": wording.verdicts.values()}
    return tuple(
        Column(
            header=header,
            key=key,
            width=max(width, *(_width(label) + 2 for label in (*labels.get(key, ()), *header.split()))),
            wraps="W" in flags,
            printed="S" not in flags,
            marked="M" in flags,
            hidden="H" in flags,
        )
        for name, key, width, flags in _COLUMNS[sheet]
        for header in (_header(name, key, wording),)
        if rows is None or key not in _OPTIONAL or any(row.get(key) for row in rows)
    )


def _header(name: str, key: str, wording: Wording) -> str:
    if name in wording.columns:
        return wording.columns[name]
    return wording.say("probability", status=wording.statuses[name]) if key.startswith("p_") else wording.statuses[name]


def _width(label: str) -> int:
    """Width of a label in Latin characters."""
    return sum(1 + (c > "\u2e7f") for c in label)


def risk_rows(risks: Iterable[Mapping[str, Any]], *, wording: Wording) -> list[dict[str, Any]]:
    """The risk rows with what was found wrong: the problem statements, or the reason where figures alone decide."""
    return [{**risk, "finding": display(risk, "problems", wording=wording) or (risk["reason"] if risk["status"] == AT_RISK else "")} for risk in risks]


def item_rows(items: Sequence[Mapping[str, Any]], *, wording: Wording) -> list[dict[str, Any]]:
    """The item rows with empty columns for corrections, and what brings a corrected row back."""
    rows = []
    for n, item in enumerate(items, start=1):
        id_ = f"{n:04d}"
        cells = [clean(str(display(item, key, wording=wording)), wording=wording) for key in CHECKED]
        filled = {"correct_status": "", "correct_problems": "", "remark": "", "id": id_, "check": checksum([id_, *cells]), "record": record_of(item, id_=id_)}
        rows.append({**item, **filled})
    return rows


def statement_rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a statement, in the order of the report: status, probabilities, the problem spans in it."""
    return [
        {
            **{key: item[key] for key in ("number", "units", "source")},
            "statement_number": n,
            "statement": statement["text"],
            "status": statement["status"],
            **{f"p_{status}": statement["probabilities"][status] for status in STATUSES},
            "problems": [p for p in item["problems"] if p["start"] < statement["end"] and statement["start"] < p["end"]],
        }
        for item in items
        for n, statement in enumerate(item["statements"], start=1)
    ]


def indicator_rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a target with its result, in the order of the items: figures with their units as people write them."""
    return [
        {
            **{key: item[key] for key in ("number", "task", "units", "status", "words_against_figures", "source")},
            **{key: indicator[key] for key in ("name", "ratio", "expected", "verdict", "light", "arithmetic")},
            "target": f"{number(indicator['target'])}{indicator['target_unit']}",
            "result": f"{number(indicator['result'])}{indicator['result_unit']}",
        }
        for item in items
        for indicator in item["indicators"]
    ]


def unit_rows(units: Iterable[UnitRow], *, wording: Wording) -> list[dict[str, Any]]:
    """One row a unit; counts and shares stay empty where the unit leads nothing, wordings where the report has but one."""
    rows = []
    for unit in units:
        change = unit.rank_change
        moved = "" if change is None else wording.say("better" if change > 0 else "worse", places=abs(change)) if change else wording.phrases["same"]
        shares = {key: getattr(unit, key) if unit.led else None for key in ("at_risk_share", "at_risk_shrunk", "completed_share", "completed_shrunk")}
        rows.append(
            {
                "unit_rank": "" if unit.rank is None else unit.rank,
                "rank_change": moved,
                "unit": wording.phrases["no_unit"] if unit.unit == NO_UNIT else unit.unit,
                "light": unit.light,
                "led": unit.led,
                "joined": unit.joined,
                **{status: n if unit.led else "" for status, n in zip(STATUSES, unit.counts, strict=True)},
                **shares,
                "top_score": unit.top_score if unit.led else "",
                "wordings": wording.list_mark.join(unit.wordings) if len(unit.wordings) > 1 or unit.wordings[0] != unit.unit else "",
            }
        )
    return rows


def alias_rows(proposals: Iterable[Proposal]) -> list[dict[str, Any]]:
    """One row a pair of names that may be one unit; similarity in [0, 1]."""
    return [{"alias_name": p.name, "alias_other": p.other, "similarity": p.similarity / 100} for p in proposals]


def change_rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The items that carry `change` (names[], older_status, older_number), in the order of the report."""
    return [
        {
            **item,
            "changes": item["change"]["names"],
            "older_status": item["change"].get("older_status"),
            "older_number": item["change"].get("older_number") or "",
        }
        for item in items
        if item.get("change")
    ]
