"""From what the model says to one status with its basis, in the guide's order; figures are not held against targets here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nlp.annotate.predict import Prediction
from nlp.labels import AT_RISK, STATUSES

_RISK = STATUSES.index(AT_RISK)


@dataclass(frozen=True)
class Decision:
    """The status of an item, how sure in [0, 1], and the `K` probabilities it was read from."""

    status: str
    confidence: float
    probabilities: tuple[float, ...]


def decide(prediction: Prediction) -> Decision:
    """The item's status: its own probabilities, with the risk of its worst statement taken in.

    A text at risk in one statement is at risk; the item's head sees the whole, its statements the words. The risk is the mean of both, the other
    statuses share what is left in the head's proportion.
    """
    head = np.array(prediction.item)
    worst = max((shares[_RISK] for _, shares in prediction.statements), default=0.0)
    risk = (head[_RISK] + worst) / 2
    others = head.copy()
    others[_RISK] = 0.0
    total = others.sum()
    shares = others / total * (1 - risk) if total > 0 else others
    shares[_RISK] = risk
    best = int(shares.argmax())
    return Decision(STATUSES[best], float(shares[best]), tuple(map(float, shares)))
