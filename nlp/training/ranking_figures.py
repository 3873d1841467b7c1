"""What the ranked list, the severities and the summaries are worth on labelled items: figures as one nested dictionary, each in [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from nlp.annotate.clauses import cut_clauses
from nlp.annotate.pipeline import Reading, finish
from nlp.annotate.summary import LONGEST
from nlp.labels import SEVERITIES
from nlp.ranking import rank
from nlp.records import AnnotatedItem, Item, Period, Source
from nlp.training.corpus import LabelledItem
from nlp.training.gists import lead, rouge_l, textrank
from nlp.training.metrics import confusion, ndcg

PLACES: Final = 20


def finish_items(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> list[AnnotatedItem]:
    """Labelled items as the main job would hand them on, from what was read of their words; the source names the report."""
    return [
        finish(
            Item(item.number, item.task, item.units, item.text, Source(f"{item.government}/{item.period}", n)),
            reading,
            period=Period(item.period, item.elapsed),
            yardstick=None,
        )
        for n, (item, reading) in enumerate(zip(items, readings, strict=True), start=1)
    ]


def gain(severity: int) -> int:
    """What a row of a severity is worth in the list: 0, 1, 3, 7."""
    return (1 << severity) - 1


def list_ndcg(annotated: Sequence[AnnotatedItem], severities: Sequence[int], *, weights: Mapping[str, float], k: int = PLACES) -> float:
    """nDCG of the ranked list of these rows by their labelled severities; rows that the list leaves out stand behind it in report order."""
    places = {id(risk.annotated): risk.rank for risk in rank(annotated, weights=weights)}
    order = sorted(range(len(annotated)), key=lambda n: (places.get(id(annotated[n]), len(annotated) + 1), n))
    return ndcg([gain(severities[n]) for n in order], k=k)


def measure_ranking(items: Sequence[LabelledItem], annotated: Sequence[AnnotatedItem], *, weights: Mapping[str, float]) -> dict[str, Any]:
    """nDCG@20 of every report as its own list (mean, least) and of all rows as one; severities against their labels."""
    lists: dict[str, list[int]] = {}
    for n, item in enumerate(items):
        lists.setdefault(f"{item.government}/{item.period}", []).append(n)
    scores = {name: list_ndcg([annotated[n] for n in rows], [items[n].severity for n in rows], weights=weights) for name, rows in lists.items()}
    names = [str(severity) for severity in SEVERITIES]
    counts = confusion([str(item.severity) for item in items], [str(item.severity) for item in annotated], labels=names)
    return {
        "ndcg_mean": float(np.mean(list(scores.values()))),
        "ndcg_least": min(scores.values()),
        "lists": len(scores),
        "ndcg_all": list_ndcg(annotated, [item.severity for item in items], weights=weights),
        "severity_accuracy": float(np.trace(counts) / max(1, counts.sum())),
        "severity_within_one": float(np.mean([abs(i.severity - a.severity) <= 1 for i, a in zip(items, annotated, strict=True)])),
        "severity_confusion": counts.tolist(),
    }


def measure_summaries(items: Sequence[LabelledItem], annotated: Sequence[AnnotatedItem]) -> dict[str, Any]:
    """Mean ROUGE-L F on characters against the gists: summaries, the first 60 characters, TextRank over the same clauses; mean and greatest length of ours."""
    pairs = [(item, done) for item, done in zip(items, annotated, strict=True) if item.gist and len(item.text) > LONGEST]
    if not pairs:
        return {"n": 0}
    ranked = [textrank(item.text, [c.span for c in cut_clauses(item.text, statements=done.statements, longest=LONGEST)]) for item, done in pairs]
    return {
        "n": len(pairs),
        "summary": float(np.mean([rouge_l(done.summary, item.gist) for item, done in pairs])),
        "lead": float(np.mean([rouge_l(lead(item.text, longest=LONGEST), item.gist) for item, _ in pairs])),
        "textrank": float(np.mean([rouge_l(summary, item.gist) for summary, (item, _) in zip(ranked, pairs, strict=True)])),
        "mean_length": float(np.mean([len(done.summary) for _, done in pairs])),
        "longest": max(len(done.summary) for _, done in pairs),
    }
