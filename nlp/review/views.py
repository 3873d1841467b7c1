"""Rows of the store -> what the pages show. Pure functions; the templates escape every text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from nlp.labels import BASIS_NAMES, CUE_LABELS, PROBLEM_NAMES, SEVERITY_NAMES, STATUS_NAMES, TERM_NAMES, VERDICT_NAMES
from nlp.outputs.cells import display
from nlp.review.marks import pieces, spans_of
from nlp.store.detail import Detail
from nlp.store.fold import REVIEW_NAMES, describe
from nlp.store.listing import Listed
from nlp.text import Span, number, shorten

SORT_NAMES: Final = {"risk": "按风险", "doubt": "按存疑", "order": "按原序"}
_CUE_NAMES: Final = {"pseudo": "并非问题", **STATUS_NAMES, **PROBLEM_NAMES}
NAMES: Final = {
    "states": REVIEW_NAMES,
    "statuses": STATUS_NAMES,
    "bases": BASIS_NAMES,
    "kinds": PROBLEM_NAMES,
    "severities": SEVERITY_NAMES,
    "sorts": SORT_NAMES,
    "cues": {label: _CUE_NAMES[label] for label in CUE_LABELS},
}
_LATEST: Final = 12
_LONGEST_CUE: Final = 18
# An event that a task wants: it has no figure to show.
_MILESTONE: Final = "milestone"


def entry_view(listed: Listed) -> dict[str, Any]:
    """A line of the list."""
    return {
        "id": listed.item,
        "number": listed.number,
        "task": listed.task,
        "unit": listed.units[0] if listed.units else "（未填单位）",
        "status": listed.status,
        "basis": listed.basis,
        "severity": listed.severity,
        "state": listed.review,
        "confidence": listed.row["confidence"],
        "rank": listed.row["risk"]["rank"],
    }


def item_view(detail: Detail) -> dict[str, Any]:
    """Everything of one row: its text in pieces, the present labels, the program's evidence, what was done to it."""
    row, state = detail.listed.row, detail.state
    text, task = detail.listed.text, detail.listed.task
    predicted = {Span(s["start"], s["end"]): s for s in row["statements"]}
    cues = [cue for s in row["statements"] for cue in s.get("cues", ())]
    figures = row.get("indicators", ())
    numbered = [indicator for indicator in figures if indicator.get("kind") != _MILESTONE]
    return {
        "id": state.item,
        "revision": state.revision,
        "state": state.review,
        "number": detail.listed.number,
        "units": detail.listed.units or ("（未填单位）",),
        "section": row.get("section", ""),
        "status": state.status,
        "basis": state.basis,
        "severity": state.severity,
        "probabilities": row["probabilities"],
        "confidence": row["confidence"],
        "task_pieces": pieces(task, figures=_spans(numbered, "task_span", task)),
        "pieces": pieces(
            text,
            statements=[span for span, _ in state.statements],
            problems=[span for span, _ in state.problems],
            cues=spans_of(cues),
            figures=_spans(numbered, "text_span", text),
        ),
        "text_length": len(text.strip()),
        "statements": [_statement(span, status, predicted.get(span, {}), text) for span, status in state.statements],
        "problems": [{"start": span.start, "end": span.end, "kind": kind, "text": span.of(text)} for span, kind in state.problems],
        "note": state.note,
        "changed": _changed(row, detail),
        "against": row.get("words_against_figures", False),
        "reason": row.get("reason", ""),
        "why": row["risk"].get("why", ""),
        "decided_by": row.get("decided_by", "rules"),
        "rules_status": row.get("rules_status"),
        "rank": row["risk"]["rank"],
        "score": row["risk"]["score"],
        "terms": [(TERM_NAMES.get(term["name"], term["name"]), term["value"]) for term in row["risk"]["terms"]],
        "indicators": [_indicator(indicator) for indicator in figures],
        "source": f"{row['source'].get('file', '')} {display(row, 'source')}",
        "other": row.get("other", ()),
        "history": [describe(entry) + (f"（{entry.why}）" if entry.why else "") for entry in reversed(detail.history)][:_LATEST],
    }


def _spans(indicators: Any, key: str, text: str) -> list[Span]:
    return [Span(*indicator[key]) for indicator in indicators if indicator.get(key) and 0 <= indicator[key][0] < indicator[key][1] <= len(text)]


def _statement(span: Span, status: str, predicted: Mapping[str, Any], text: str) -> SimpleNamespace:
    odds = predicted.get("probabilities") or {}
    return SimpleNamespace(start=span.start, end=span.end, status=status, text=span.of(text), sure=odds.get(status), cues=_cues(predicted.get("cues", ())))


def _cues(cues: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Cues that say the same of the same words once; long words cut."""
    seen = {(cue["text"], cue["label"]): {**cue, "text": shorten(cue["text"], longest=_LONGEST_CUE)} for cue in reversed(cues)}
    return list(reversed(seen.values()))


def _indicator(indicator: Mapping[str, Any]) -> dict[str, Any]:
    is_milestone = indicator.get("kind") == _MILESTONE

    def figure(what: str) -> str:
        value = None if is_milestone else indicator.get(what)
        return "" if value is None else f"{number(value)}{indicator.get(f'{what}_unit', '')}"

    return {
        "name": indicator.get("name", ""),
        "target": figure("target"),
        "result": figure("result"),
        "verdict": "节点" if is_milestone else VERDICT_NAMES.get(indicator.get("verdict", ""), ""),
        "light": indicator.get("light", ""),
        "arithmetic": indicator.get("arithmetic", ""),
    }


def _changed(row: Mapping[str, Any], detail: Detail) -> list[str]:
    """What the program said where a person said otherwise."""
    state, said = detail.state, []
    if (row["status"], row["basis"]) != (state.status, state.basis):
        said.append(STATUS_NAMES[row["status"]] + (f"（{BASIS_NAMES[row['basis']]}）" if row["basis"] else ""))
    if row["severity"] != state.severity:
        said.append(f"程度 {row['severity']} {SEVERITY_NAMES[row['severity']]}")
    predicted = {Span(s["start"], s["end"]): s["status"] for s in row["statements"]}
    if count := sum(predicted.get(span) != status for span, status in state.statements):
        said.append(f"{count} 句状态不同")
    if {(p["start"], p["end"], p["kind"]) for p in row["problems"]} != {(span.start, span.end, kind) for span, kind in state.problems}:
        said.append(f"问题语句 {len(row['problems'])} 处")
    return said
