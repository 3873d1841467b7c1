"""What targets against results are worth on labelled items: pairs, verdicts, status and basis of items; figures as one nested dictionary.

The part of an item's status that its words decide comes either from the cue rules or from the labels of its statements; which, is said by the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nlp.annotate.pace import find_indicators, severity_of
from nlp.annotate.pipeline import find_text_cues, read_by_rules
from nlp.annotate.rules import judge_item, names_basis, probabilities
from nlp.annotate.targets import MILESTONE
from nlp.annotate.verdict import settle
from nlp.annotate.yardstick import Yardstick
from nlp.labels import AT_RISK, BASES, STATUSES
from nlp.records import Indicator, Item, Problem, Source, Statement
from nlp.text import Span
from nlp.training.corpus import LabelledItem, LabelledPair
from nlp.training.metrics import class_figures, confusion, macro_f1

WORDS: Final = ("rules", "labels")


@dataclass(frozen=True)
class Words:
    """What the words of an item say without its figures."""

    status: str
    basis: str | None
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]


def read_words(items: Sequence[LabelledItem], *, by: str) -> list[Words]:
    """The words of each item as the cue rules read them (`rules`) or as its statements are labelled (`labels`)."""
    if by == "labels":
        return [_by_labels(item) for item in items]
    plain = [Item(item.number, item.task, item.units, item.text, Source(item.key, 1)) for item in items]
    readings = [read_by_rules(item, cues=cues) for item, cues in zip(plain, find_text_cues(item.text for item in items), strict=True)]
    return [Words(reading.status, reading.basis, reading.statements, reading.problems) for reading in readings]


def _by_labels(item: LabelledItem) -> Words:
    statements = tuple(Statement(span, status, probabilities("statement", status)) for span, status in item.statements)
    problems = tuple(Problem(span, kind, 1.0) for span, kind in item.problems)
    status, basis = judge_item(item.task, statements=statements, problems=problems)
    return Words(status, names_basis(item.text, problems) if status == AT_RISK else basis, statements, problems)


def measure_pace(items: Sequence[LabelledItem], *, words: Sequence[Words], yardstick: Yardstick | None = None) -> dict[str, Any]:
    """Pairs (precision, recall, F1), verdicts on matched pairs, and status, basis and severity of the items; every figure in [0, 1]."""
    found = [find_indicators(item.task, item.text, elapsed=item.elapsed, yardstick=yardstick) for item in items]
    matches = [match_pairs(item.pairs, indicators) for item, indicators in zip(items, found, strict=True)]
    hits = sum(map(len, matches))
    # Milestones are not labelled.
    said = sum(indicator.task_span is not None and indicator.kind != MILESTONE for indicators in found for indicator in indicators)
    true = sum(len(item.pairs) for item in items)
    verdicts = Counter((pair.verdict, indicator.verdict) for pairs in matches for pair, indicator in pairs)
    settled = [
        settle(item.task, status=w.status, basis=w.basis, statements=w.statements, problems=w.problems, indicators=indicators, elapsed=item.elapsed)
        for item, w, indicators in zip(items, words, found, strict=True)
    ]
    counts = confusion([item.status for item in items], [s.status for s in settled])
    labels = (*BASES, "none")
    bases = confusion([item.basis or "none" for item in items], [s.basis or "none" for s in settled], labels=labels)
    by_figures = [(item, indicators) for item, indicators in zip(items, found, strict=True) if item.basis in {"growth", "pace"}]
    return {
        "pairs": {"precision": hits / max(1, said), "recall": hits / max(1, true), "f1": 2 * hits / max(1, said + true), "n": true},
        "verdict_accuracy": sum(n for (t, s), n in verdicts.items() if t == s) / max(1, hits),
        "verdicts_wrong": {f"{t} -> {s}": n for (t, s), n in verdicts.most_common() if t != s},
        "item_macro_f1": macro_f1(counts),
        "item_classes": class_figures(counts),
        "item_confusion": {"labels": list(STATUSES), "counts": counts.tolist()},
        "basis_macro_f1": macro_f1(bases[:-1, :-1]) if bases[:-1, :-1].any() else 0.0,
        "basis_classes": {basis: figures for basis, figures in class_figures(bases, labels=labels).items() if basis != "none"},
        "severity_of_growth_and_pace": sum(severity_of(indicators) == item.severity for item, indicators in by_figures) / max(1, len(by_figures)),
        "words_against_figures": sum(s.words_against_figures for s in settled),
    }


def match_pairs(pairs: Sequence[LabelledPair], indicators: Sequence[Indicator]) -> list[tuple[LabelledPair, Indicator]]:
    """Labelled pairs with the indicators whose two spans touch theirs; none stands in two."""
    left = [indicator for indicator in indicators if indicator.task_span is not None and indicator.kind != MILESTONE]
    matched = []
    for pair in pairs:
        hit = next((i for i in left if i.task_span and _touch(i.task_span, pair.task_span) and _touch(i.text_span, pair.text_span)), None)
        if hit:
            left.remove(hit)
            matched.append((pair, hit))
    return matched


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
