"""What is fitted on dev after training: temperatures, the threshold for problem spans, and how sure an item must be not to be looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nlp.annotate.decide import decide
from nlp.annotate.predict import Calibration, Network, Question, predict
from nlp.annotate.windows import Tokenizer
from nlp.labels import STATUSES
from nlp.training.corpus import LabelledItem
from nlp.training.metrics import span_figures

Array = np.ndarray[Any, np.dtype[Any]]
# What is not flagged for review is to be right this often.
PROMISED: Final = 0.97
_TEMPERATURES: Final = tuple(np.round(np.geomspace(0.5, 4.0, 43), 4))
# About a standard error of F1 on two hundred spans (0.016 by the bootstrap).
_NEAR: Final = 0.02
_THRESHOLDS: Final = tuple(np.round(np.arange(0.2, 0.91, 0.05), 2))


@dataclass(frozen=True)
class FittedCalibration(Calibration):
    """The contents of `calibration.json`; shares and thresholds in [0, 1]."""

    review_below: float = 0.0
    review_share: float = 0.0


def fit(questions: Sequence[Question], items: Sequence[LabelledItem], *, network: Network, tokenizer: Tokenizer, cues: bool) -> FittedCalibration:
    """Fit on dev items: each temperature by the least log loss, the span threshold by F1 (`lowest_of_the_best`), the review threshold by `PROMISED`."""
    network = remembering(network)
    plain = predict(questions, network=network, tokenizer=tokenizer, calibration=Calibration(cues=cues))
    statements = np.array([shares for p in plain for _, shares in p.statements])
    true = np.array([STATUSES.index(status) for item in items for _, status in item.statements])
    by_words = [i for i, item in enumerate(items) if item.basis not in {"growth", "pace"}]
    item_shares = np.array([plain[i].item for i in by_words])
    item_true = np.array([STATUSES.index(items[i].status) for i in by_words])
    warm = Calibration(_temperature(statements, true), _temperature(item_shares, item_true), cues=cues)
    spans = [[span for span, _ in item.problems] for item in items]
    scores = {}
    for threshold in _THRESHOLDS:
        found = predict(questions, network=network, tokenizer=tokenizer, calibration=dataclasses.replace(warm, tag_threshold=float(threshold)))
        scores[float(threshold)] = span_figures(spans, [[p.span for p in prediction.problems] for prediction in found])["f1"]
    best = lowest_of_the_best(scores)
    final = predict(questions, network=network, tokenizer=tokenizer, calibration=dataclasses.replace(warm, tag_threshold=best))
    decisions = [decide(final[i]) for i in by_words]
    correct = np.array([decision.status == items[i].status for decision, i in zip(decisions, by_words, strict=True)])
    sure = np.array([decision.confidence for decision in decisions])
    least = review_threshold(sure, correct)
    return FittedCalibration(warm.statement_temperature, warm.item_temperature, best, cues, least, float((sure < least).mean()))


def lowest_of_the_best(scores: Mapping[float, float]) -> float:
    """The lowest of the thresholds whose score is within `_NEAR` of the best: on some hundred spans the very best is one of many by chance, and of those
    that are as good the lowest finds most; a problem that is missed costs more than one that is read in vain."""
    return min(threshold for threshold, score in scores.items() if score >= max(scores.values()) - _NEAR)


def remembering(network: Network) -> Network:
    """The same network, run once for each batch: what is asked again is answered from memory."""
    answers: dict[tuple[bytes, bytes, bytes], tuple[Array, Array, Array]] = {}

    def run(ids: Array, mask: Array, pool: Array, cues: Array) -> tuple[Array, Array, Array]:
        key = ids.tobytes(), pool.tobytes(), cues.tobytes()
        if key not in answers:
            answers[key] = network(ids, mask, pool, cues)
        return answers[key]

    return run


def _temperature(shares: Array, true: Array) -> float:
    """The temperature that gives the least log loss; `shares` `(N, K)` were made at temperature 1."""
    logits = np.log(np.maximum(shares, 1e-9))
    losses = {}
    for temperature in _TEMPERATURES:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_shares = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        losses[float(temperature)] = -float(log_shares[np.arange(len(true)), true].mean())
    return min(losses, key=lambda temperature: losses[temperature])


def review_threshold(confidence: Array, correct: Array, *, promised: float = PROMISED) -> float:
    """The least confidence, in [0, 1], from which on the decisions `(N,)` are right in at least `promised` of the cases; 1 where none is."""
    order = np.argsort(-confidence)
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    held = np.nonzero(accuracy >= promised)[0]
    return float(confidence[order][held[-1]]) if len(held) else 1.0
