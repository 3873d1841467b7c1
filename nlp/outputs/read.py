"""A line of `items.jsonl` -> the records that it was written from: the way back of `rows.item_row`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlp.labels import STATUSES
from nlp.records import AnnotatedItem, Cue, Indicator, Item, Period, Problem, Source, Statement
from nlp.text import Span


def annotated_of(row: Mapping[str, Any]) -> AnnotatedItem:
    """The annotated item of a row; keys that came later than the first release may be missing."""
    source = row["source"]
    return AnnotatedItem(
        item=Item(
            number=row["number"],
            task=row["task"],
            units=tuple(row["units"]),
            text=row["text"],
            source=Source(file=source["file"], row=source["row"], sheet=source.get("sheet"), page=source.get("page")),
            section=row.get("section", ""),
            other=tuple((entry["header"], entry["text"]) for entry in row.get("other", ())),
        ),
        period=Period(row["period"], row["elapsed"]),
        status=row["status"],
        basis=row["basis"],
        probabilities=_probabilities(row["probabilities"]),
        statements=tuple(
            Statement(_span(s), s["status"], _probabilities(s["probabilities"]), tuple(Cue(c["rule"], c["label"], _span(c)) for c in s.get("cues", ())))
            for s in row["statements"]
        ),
        problems=tuple(Problem(_span(p), p["kind"], p["score"], p.get("rule", "")) for p in row["problems"]),
        severity=row["severity"],
        needs_review=row["needs_review"],
        summary=row["summary"],
        reason=row.get("reason", ""),
        decided_by=row.get("decided_by", "rules"),
        rules_status=row.get("rules_status"),
        words_against_figures=row.get("words_against_figures", False),
        indicators=tuple(map(_indicator, row.get("indicators", ()))),
    )


def _indicator(row: Mapping[str, Any]) -> Indicator:
    return Indicator(
        name=row["name"],
        kind=row["kind"],
        target=row["target"],
        target_unit=row["target_unit"],
        result=row["result"],
        result_unit=row["result_unit"],
        ratio=row["ratio"],
        expected=row["expected"],
        verdict=row["verdict"],
        task_span=Span(*row["task_span"]) if row["task_span"] else None,
        text_span=Span(*row["text_span"]),
        arithmetic=row["arithmetic"],
        score=row.get("score", 1.0),
        light=row.get("light", ""),
    )


def _probabilities(values: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(values[status] for status in STATUSES)


def _span(part: Mapping[str, Any]) -> Span:
    return Span(part["start"], part["end"])
