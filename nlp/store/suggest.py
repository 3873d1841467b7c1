"""What to label next, and what to look at again: by doubt, by disagreement of rules, figures and model, by likely mislabels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.labels import STATUS_NAMES, STATUSES
from nlp.store.engine import Store
from nlp.store.fold import PENDING
from nlp.store.listing import Filter, items, read_run
from nlp.store.runs import disagreements

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Suggestion:
    """A row to look at: its place in the report, how much it is worth a look (compare within one list only), and why, in Chinese."""

    item: int
    position: int
    score: float
    reasons: tuple[str, ...]


def next_rows(store: Store, run: int, *, limit: int = 20) -> list[Suggestion]:
    """Pending rows, those first on which most sources disagree, then those in most doubt; score = disagreements (0 to 2) + doubt (0 to 1)."""
    page = items(store, run, filter=Filter(review=PENDING), sort="next", limit=limit)
    found = []
    for listed in page.rows:
        reasons = disagreements(listed.row)
        doubt = 1 - listed.row["confidence"]
        found.append(Suggestion(listed.item, listed.position, round(len(reasons) + doubt, 4), (*reasons, f"把握 {listed.row['confidence']:.2f}")))
    return found


def likely_mislabels(store: Store, run: int) -> list[Suggestion]:
    """Reviewed rows whose status is likely a slip, the least likely status first; score = 1 - probability that the program gives it."""
    reviewed = [(n, row, state) for n, (row, state, _) in enumerate(read_run(store, run), start=1) if state.review != PENDING]
    given = [state.status for _, _, state in reviewed]
    shares = np.array([[row["probabilities"][status] for status in STATUSES] for _, row, _ in reviewed]).reshape(-1, len(STATUSES))
    return [
        Suggestion(state.item, position, round(1 - float(shares[i, STATUSES.index(state.status)]), 4), (f"标为{STATUS_NAMES[state.status]}，程序认为{other}",))
        for i, said in confident_errors(given, shares)
        for position, _, state in [reviewed[i]]
        for other in [STATUS_NAMES[said]]
    ]


def confident_errors(given: Sequence[str], shares: Array) -> list[tuple[int, str]]:
    """Index and confident other label of the rows that confident learning calls mislabelled, lowest self-confidence first.

    A row counts as label `k` where its probability of `k` is at least the mean that rows labelled `k` have (of several such `k` the most probable); it is
    mislabelled where that is not the label given. Self-confidence is the probability of the label given.

    Parameters
    ----------
    given : `(N,)` status codes.
    shares : `(N, K)` probabilities in the order of `labels.STATUSES`, best from a model that has not learned these rows.
    """
    if not given:
        return []
    index = np.array([STATUSES.index(status) for status in given])
    own = shares[np.arange(len(index)), index]
    # A label that nobody gave has no mean, and no row is confidently of it.
    means = np.array([own[index == k].mean() if (index == k).any() else np.inf for k in range(len(STATUSES))])
    confident = np.where(shares >= means, shares, -1.0)
    said = confident.argmax(axis=1)
    wrong = np.flatnonzero((confident.max(axis=1) >= 0) & (said != index))
    return [(int(i), STATUSES[said[i]]) for i in wrong[np.argsort(own[wrong], kind="stable")]]
