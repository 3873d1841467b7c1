"""Annotated items and risks as plain dictionaries with the stable keys of `items.jsonl` and `risks.jsonl`."""

from __future__ import annotations

from typing import Any

from nlp.labels import STATUSES
from nlp.records import AnnotatedItem, Indicator, Report, Risk, Source


def item_row(annotated: AnnotatedItem, *, report: Report, risk: Risk | None) -> dict[str, Any]:
    """One line of `items.jsonl`; `risk` is None for an item that is not in the ranked list."""
    item = annotated.item
    text = item.text
    return {
        "report": report.title,
        "number": item.number,
        "task": item.task,
        "units": list(item.units),
        "text": text,
        "period": annotated.period.code,
        "elapsed": round(annotated.period.elapsed, 4),
        "status": annotated.status,
        "basis": annotated.basis,
        "probabilities": _probabilities(annotated.probabilities),
        "confidence": round(annotated.confidence, 4),
        "needs_review": annotated.needs_review,
        "statements": [
            {
                "start": s.span.start,
                "end": s.span.end,
                "text": s.span.of(text),
                "status": s.status,
                "probabilities": _probabilities(s.probabilities),
                "cues": [{"rule": c.rule, "label": c.label, "start": c.span.start, "end": c.span.end, "text": c.span.of(text)} for c in s.cues],
            }
            for s in annotated.statements
        ],
        "problems": [
            {"start": p.span.start, "end": p.span.end, "text": p.span.of(text), "kind": p.kind, "score": round(p.score, 4), "rule": p.rule}
            for p in annotated.problems
        ],
        "indicators": [indicator_row(indicator) for indicator in annotated.indicators],
        "words_against_figures": annotated.words_against_figures,
        "severity": annotated.severity,
        "risk": {"score": risk.score, "rank": risk.rank, "terms": [{"name": t.name, "value": t.value} for t in risk.terms], "why": risk.why}
        if risk
        else {"score": 0.0, "rank": None, "terms": [], "why": ""},
        "summary": annotated.summary,
        "reason": annotated.reason,
        "decided_by": annotated.decided_by,
        "rules_status": annotated.rules_status,
        "section": item.section,
        "other": [{"header": header, "text": value} for header, value in item.other],
        "place": report.place,
        "source": source_row(item.source),
    }


def indicator_row(indicator: Indicator) -> dict[str, Any]:
    """A target with its result; shares rounded to four places, spans as [start, end] (null where the task names no number)."""
    return {
        "name": indicator.name,
        "kind": indicator.kind,
        "target": indicator.target,
        "target_unit": indicator.target_unit,
        "result": indicator.result,
        "result_unit": indicator.result_unit,
        "ratio": None if indicator.ratio is None else round(indicator.ratio, 4),
        "expected": None if indicator.expected is None else round(indicator.expected, 4),
        "verdict": indicator.verdict,
        "light": indicator.light,
        "task_span": list(indicator.task_span) if indicator.task_span else None,
        "text_span": list(indicator.text_span),
        "arithmetic": indicator.arithmetic,
        "score": round(indicator.score, 4),
    }


def _probabilities(values: tuple[float, ...]) -> dict[str, float]:
    return {status: round(value, 4) for status, value in zip(STATUSES, values, strict=True)}


def source_row(source: Source) -> dict[str, Any]:
    """Address of a row: file, sheet or page, row."""
    place = {"page": source.page} if source.page is not None else {"sheet": source.sheet} if source.sheet is not None else {}
    return {"file": source.file, **place, "row": source.row}


def risk_row(risk: Risk, *, report: Report) -> dict[str, Any]:
    """One line of `risks.jsonl`."""
    row = item_row(risk.annotated, report=report, risk=risk)
    kept = (
        "report",
        "number",
        "task",
        "units",
        "period",
        "status",
        "basis",
        "severity",
        "indicators",
        "words_against_figures",
        "confidence",
        "needs_review",
        "summary",
        "reason",
        "problems",
        "source",
    )
    return {"rank": risk.rank, "score": risk.score, "terms": row["risk"]["terms"], "why": risk.why, **{key: row[key] for key in kept}}
