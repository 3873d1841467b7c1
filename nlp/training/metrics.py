"""Figures of a classifier and of a span finder: `N` cases, `K` = 4 labels in the order of `labels.STATUSES`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nlp.labels import STATUSES
from nlp.text import Span

Array = np.ndarray[Any, np.dtype[Any]]


def confusion(true: Sequence[str], said: Sequence[str], *, labels: Sequence[str] = STATUSES) -> Array:
    """Counts `(K, K)`: rows are the true labels, columns what was said."""
    index = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for t, s in zip(true, said, strict=True):
        counts[index[t], index[s]] += 1
    return counts


def class_figures(counts: Array, *, labels: Sequence[str] = STATUSES) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 in [0, 1] and the number of cases of each label; 0 where nothing was said or true."""
    figures = {}
    for i, label in enumerate(labels):
        right, said, true = int(counts[i, i]), int(counts[:, i].sum()), int(counts[i].sum())
        figures[label] = {"precision": right / max(1, said), "recall": right / max(1, true), "f1": 2 * right / max(1, said + true), "n": true}
    return figures


def macro_f1(counts: Array) -> float:
    """Mean F1 in [0, 1] over the labels that occur or were said."""
    n = len(counts)
    seen = [i for i in range(n) if counts[i].sum() + counts[:, i].sum()]
    return float(np.mean([2 * counts[i, i] / (counts[i].sum() + counts[:, i].sum()) for i in seen])) if seen else 0.0


def overlap(one: Span, other: Span) -> float:
    """Shared characters as a share of the union, in [0, 1]."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return max(0, shared) / (max(one.end, other.end) - min(one.start, other.start)) if shared > 0 else 0.0


def span_figures(true: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]], *, least: float = 0.3) -> dict[str, float]:
    """Precision, recall and F1 of spans, item by item; a pair counts where it overlaps by at least `least` of the union."""
    hits = sum(any(overlap(f, t) >= least for t in ts) for ts, fs in zip(true, found, strict=True) for f in fs)
    recalled = sum(any(overlap(f, t) >= least for f in fs) for ts, fs in zip(true, found, strict=True) for t in ts)
    n_found, n_true = sum(map(len, found)), sum(map(len, true))
    precision, recall = hits / max(1, n_found), recalled / max(1, n_true)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(1e-12, precision + recall), "n": n_true}


def calibration_error(probabilities: Array, correct: Array, *, bins: int = 10) -> float:
    """Expected calibration error in [0, 1], 0 best: |accuracy - confidence| over equal bins of confidence, weighted by cases.

    Parameters
    ----------
    probabilities : `(N,)`, probability of what was said.
    correct : `(N,)`, 1 where it was right.
    """
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = index == b
        if inside.any():
            error += inside.mean() * abs(float(correct[inside].mean()) - float(probabilities[inside].mean()))
    return float(error)


def ndcg(gains: Sequence[float], *, k: int = 20) -> float:
    """Normalised discounted cumulative gain of the first `k` places in [0, 1], 1 = no order is better; 1 where there is nothing to gain.

    Parameters
    ----------
    gains : `(N,)`, what each row is worth, in the order in which it was ranked.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.sort(np.asarray(gains, dtype=float))[::-1][:k]
    ideal = float(best @ discount[: len(best)])
    head = np.asarray(gains[:k], dtype=float)
    return float(head @ discount[: len(head)]) / ideal if ideal else 1.0
