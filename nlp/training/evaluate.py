"""What a model is worth on labelled items, beside the cue rules and a TF-IDF baseline: figures as one nested dictionary.

`N` statements or items, `K` = 4 labels in the order of `labels.STATUSES`; every figure is in [0, 1] unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from nlp.annotate.encoder import Model
from nlp.annotate.pipeline import Reading, find_text_cues, read_by_model, read_by_rules
from nlp.annotate.predict import Prediction
from nlp.config import load_weights
from nlp.labels import AT_RISK, PROBLEM_KINDS, STATUSES
from nlp.records import Item, Source
from nlp.text import Span
from nlp.training.corpus import LabelledItem
from nlp.training.metrics import calibration_error, class_figures, confusion, macro_f1, span_figures
from nlp.training.pace_figures import Words, measure_pace
from nlp.training.questions import questions_of
from nlp.training.ranking_figures import finish_items, measure_ranking, measure_summaries

Array = np.ndarray[Any, np.dtype[Any]]
_RESAMPLES: Final = 200
_COVERAGES: Final = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


def read_items(items: Sequence[LabelledItem], *, predictions: Sequence[Prediction] | None = None, review_below: float = 0.0) -> list[Reading]:
    """What the program makes of each item's words: by the model's predictions where they are given, else by the rules."""
    plain = [Item(item.number, item.task, item.units, item.text, Source(item.key, 1)) for item in items]
    cues = list(find_text_cues(item.text for item in items))
    if predictions is None:
        return [read_by_rules(item, cues=found) for item, found in zip(plain, cues, strict=True)]
    return [read_by_model(item, prediction=p, cues=found, review_below=review_below) for item, p, found in zip(plain, predictions, cues, strict=True)]


def evaluate(items: Sequence[LabelledItem], readings: Sequence[Reading], *, seed: int = 7) -> dict[str, Any]:
    """Figures of one reader over labelled items.

    Statements count as the guide labels them. Items whose label rests on arithmetic (`growth`, `pace`) are left out of `item_by_words` and
    stand in `item`, where only the words are read; `pace` holds words and figures together, `ranking` and `summaries`
    what the main job makes of both. Confidence intervals are 95% bootstrap intervals over items.
    """
    statements = [
        (status, s.status) for item, reading in zip(items, readings, strict=True) for (_, status), s in zip(item.statements, reading.statements, strict=True)
    ]
    counts = confusion(*zip(*statements, strict=True))
    shares = np.array([max(s.probabilities) for reading in readings for s in reading.statements])
    correct = np.array([true == said for true, said in statements], dtype=float)
    by_words = [i for i, item in enumerate(items) if item.basis not in {"growth", "pace"}]
    item_counts = confusion([item.status for item in items], [reading.status for reading in readings])
    words_counts = confusion([items[i].status for i in by_words], [readings[i].status for i in by_words])
    true_spans = [[span for span, _ in item.problems] for item in items]
    found_spans = [[p.span for p in reading.problems] for reading in readings]
    flagged = np.array([reading.needs_review for reading in readings])
    right = np.array([readings[i].status == items[i].status for i in by_words], dtype=float)
    sure = np.array([max(readings[i].probabilities) for i in by_words])
    kept = ~flagged[by_words]
    annotated = finish_items(items, readings)
    return {
        "n": {"items": len(items), "statements": len(statements), "problems": sum(map(len, true_spans))},
        "statement": _figures(counts) | {"ece": calibration_error(shares, correct), "reliability": _reliability(shares, correct)},
        "statement_interval": _interval(items, readings, _statement_f1, seed=seed),
        "item": _figures(item_counts),
        "item_by_words": _figures(words_counts) | {"ece": calibration_error(sure, right), "reliability": _reliability(sure, right)},
        "item_by_words_interval": _interval([items[i] for i in by_words], [readings[i] for i in by_words], _item_f1, seed=seed),
        "problems": {
            "overlap": span_figures(true_spans, found_spans),
            "exact": span_figures(true_spans, found_spans, least=1.0),
            "by_kind": {kind: _kind_recall(items, readings, kind) for kind in PROBLEM_KINDS},
        },
        "problem_interval": _interval(items, readings, _span_f1, seed=seed),
        # The words as this reader has them, held together with the figures of the items.
        "pace": measure_pace(items, words=[Words(r.status, r.basis, r.statements, r.problems) for r in readings]),
        "ranking": measure_ranking(items, annotated, weights=load_weights()),
        "summaries": measure_summaries(items, annotated),
        "against_rules": _against_rules([items[i] for i in by_words], [readings[i] for i in by_words]),
        "review": {
            "flagged": float(flagged.mean()),
            "accuracy_of_the_rest": float(right[kept].mean()) if kept.any() else None,
            "coverage": [{"coverage": c, "accuracy": _accuracy_at(sure, right, c)} for c in _COVERAGES],
        },
    }


def measure(items: Sequence[LabelledItem], *, model: Model) -> dict[str, Any]:
    """Figures of a loaded model on labelled items."""
    return evaluate(items, read_items(items, predictions=model.predict(questions_of(items)), review_below=model.review_below))


def _figures(counts: Array) -> dict[str, Any]:
    return {
        "macro_f1": macro_f1(counts),
        "accuracy": float(np.trace(counts) / max(1, counts.sum())),
        "at_risk_recall": class_figures(counts)[AT_RISK]["recall"],
        "classes": class_figures(counts),
        "confusion": counts.tolist(),
    }


def _statement_f1(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> float:
    true = [status for item in items for _, status in item.statements]
    return macro_f1(confusion(true, [s.status for reading in readings for s in reading.statements]))


def _item_f1(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> float:
    return macro_f1(confusion([item.status for item in items], [reading.status for reading in readings]))


def _span_f1(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> float:
    return span_figures([[span for span, _ in item.problems] for item in items], [[p.span for p in r.problems] for r in readings])["f1"]


def _interval(
    items: Sequence[LabelledItem], readings: Sequence[Reading], figure: Callable[[Sequence[LabelledItem], Sequence[Reading]], float], *, seed: int
) -> list[float]:
    """Ends of the 95% bootstrap interval of a figure, items drawn with replacement."""
    chance = np.random.default_rng(seed)
    draws = []
    for _ in range(_RESAMPLES):
        index = chance.integers(0, len(items), len(items))
        draws.append(figure([items[i] for i in index], [readings[i] for i in index]))
    return [float(end) for end in np.percentile(draws, [2.5, 97.5])]


def _against_rules(items: Sequence[LabelledItem], readings: Sequence[Reading]) -> dict[str, dict[str, float]]:
    """Items by words on which the rules say the same, and on which they do not: how many, and how often the reader and the rules are right."""
    figures = {}
    for name, is_same in (("agree", True), ("differ", False)):
        part = [(i, r) for i, r in zip(items, readings, strict=True) if (r.rules_status is None) == is_same]
        right, rules = sum(i.status == r.status for i, r in part), sum(i.status == (r.rules_status or r.status) for i, r in part)
        figures[name] = {"n": len(part), "accuracy": right / max(1, len(part)), "rules_accuracy": rules / max(1, len(part))}
    return figures


def _kind_recall(items: Sequence[LabelledItem], readings: Sequence[Reading], kind: str) -> dict[str, float]:
    """Spans of one kind: how many there are, the share found by any span, and the share of those given the right kind."""
    n = found = right = 0
    for item, reading in zip(items, readings, strict=True):
        for span, true in item.problems:
            if true == kind:
                n += 1
                near = [p for p in reading.problems if _touch(span, p.span)]
                found += bool(near)
                right += any(p.kind == kind for p in near)
    return {"n": n, "recall": found / max(1, n), "kind_accuracy": right / max(1, found)}


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _reliability(shares: Array, correct: Array, *, bins: int = 10) -> list[dict[str, float]]:
    """Mean confidence, accuracy and cases of each bin of confidence that is not empty."""
    index = np.minimum((shares * bins).astype(int), bins - 1)
    return [
        {"confidence": float(shares[index == b].mean()), "accuracy": float(correct[index == b].mean()), "n": int((index == b).sum())}
        for b in range(bins)
        if (index == b).any()
    ]


def _accuracy_at(sure: Array, right: Array, coverage: float) -> float:
    """Accuracy of the surest share `coverage` of the cases."""
    n = max(1, round(len(sure) * coverage))
    return float(right[np.argsort(-sure, kind="stable")[:n]].mean())


def tfidf_figures(train: Sequence[LabelledItem], test: Sequence[LabelledItem]) -> dict[str, Any]:
    """Figures of a character n-gram TF-IDF with a linear model, on statements and on items by words: what any model must beat. It finds no spans."""

    def statements(items: Sequence[LabelledItem]) -> list[tuple[str, str]]:
        return [(span.of(item.text), status) for item in items for span, status in item.statements]

    def whole(items: Sequence[LabelledItem]) -> list[tuple[str, str]]:
        return [(item.text, item.status) for item in items if item.basis not in {"growth", "pace"}]

    return {"statement": _tfidf(statements(train), statements(test)), "item_by_words": _tfidf(whole(train), whole(test))}


def new_tfidf() -> Any:
    """The baseline before it is fitted: texts without white space -> labels, as scikit-learn has it (`fit`, `predict`, `predict_proba`)."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    return make_pipeline(vectors, LogisticRegression(C=8.0, max_iter=1000, class_weight="balanced"))


def _tfidf(train: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]]) -> dict[str, Any]:
    model = new_tfidf()
    model.fit(["".join(text.split()) for text, _ in train], [label for _, label in train])
    shares = model.predict_proba(["".join(text.split()) for text, _ in test])
    said = [str(model.classes_[i]) for i in shares.argmax(axis=1)]
    true = [label for _, label in test]
    correct = np.array([t == s for t, s in zip(true, said, strict=True)], dtype=float)
    return _figures(confusion(true, said)) | {"ece": calibration_error(shares.max(axis=1), correct), "reliability": _reliability(shares.max(axis=1), correct)}


def likely_mislabels(items: Sequence[LabelledItem], predictions: Sequence[Prediction], *, most: int = 30) -> list[tuple[float, LabelledItem, Span, str, str]]:
    """Statements whose label the model finds least likely: (probability of the label, item, span, label, the model's), least likely first.

    Meant for items that the model was not trained on; on others it only says what was learned by heart.
    """
    found = []
    for item, prediction in zip(items, predictions, strict=True):
        for (span, status), (_, shares) in zip(item.statements, prediction.statements, strict=True):
            said = STATUSES[int(np.argmax(shares))]
            if said != status:
                found.append((shares[STATUSES.index(status)], item, span, status, said))
    return sorted(found, key=lambda entry: (entry[0], entry[1].key, entry[2]))[:most]
