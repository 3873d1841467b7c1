"""Which result belongs to which target: a linear score over what the two say, with weights learned from the labelled quarters.

The weights stand in `resources/pairing.toml`, written by `scripts/fit_pairs.py`; every feature has a name, so that a pairing can be explained.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nlp.annotate.likeness import circumstances, hands_out, likeness
from nlp.annotate.quantities import PERCENT
from nlp.annotate.results import Result, can_answer, in_target_units
from nlp.annotate.targets import CEILING, GROWTH, LEVEL, Target
from nlp.config import load_toml

_MOST_TARGETS: Final = 40
_MOST_RESULTS: Final = 200


@dataclass(frozen=True)
class Pair:
    """A target and its result; `result` in the unit of the target, `score` in (0, 1) says how sure the pairing is."""

    target: Target
    found: Result
    result: float
    score: float


@functools.cache
def load_weights() -> Mapping[str, float]:
    """Weight of each feature, and `bias` and `threshold`."""
    return {name: float(value) for name, value in load_toml("pairing.toml")["weights"].items()}


def match(targets: Sequence[Target], results: Sequence[Result], *, elapsed: float) -> tuple[Pair, ...]:
    """The best pairing, surest pairs first; 40 targets and 200 results at most, so that the time grows with the text."""
    weights = load_weights()
    scored = []
    for (t, r), features in all_features(targets, results, elapsed=elapsed).items():
        total = sum(weights.get(name, 0.0) * value for name, value in features.items())
        scored.append((1 / (1 + math.exp(-max(-30.0, min(30.0, total)))), t, r))
    scored.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    taken_targets: set[int] = set()
    taken_results: set[int] = set()
    pairs: list[tuple[int, Pair]] = []
    for score, t, r in scored:
        if score < weights["threshold"]:
            break
        if t not in taken_targets and r not in taken_results:
            taken_targets.add(t)
            taken_results.add(r)
            pairs.append((t, Pair(targets[t], results[r], in_target_units(targets[t], results[r]), score)))
    return tuple(pair for _, pair in sorted(pairs, key=lambda entry: entry[0]))


def all_features(targets: Sequence[Target], results: Sequence[Result], *, elapsed: float) -> dict[tuple[int, int], dict[str, float]]:
    """Features of every pair that kind and unit allow, by (index of target, index of result)."""
    targets, results = targets[:_MOST_TARGETS], results[:_MOST_RESULTS]
    allowed = [
        (t, r)
        for t in range(len(targets))
        for r in range(len(results))
        if can_answer(targets[t], results[r]) and not hands_out(targets[t], results[r], elapsed=elapsed)
    ]
    near = {(t, r): likeness(targets[t], results[r]) for t, r in allowed}
    like = {pair: figures["like"] for pair, figures in near.items()}
    of_target: dict[int, list[int]] = {}
    of_result: dict[int, list[int]] = {}
    for t, r in allowed:
        of_target.setdefault(t, []).append(r)
        of_result.setdefault(r, []).append(t)
    features = {}
    for t, r in allowed:
        own = like[t, r]
        best_result = max((like[t, o] for o in of_target[t] if o != r), default=0.0)
        best_target = max((like[o, r] for o in of_result[r] if o != t), default=0.0)
        kind = "rate" if targets[t].kind in {GROWTH, LEVEL, CEILING} else "amount"
        # A rate stands behind the figure that it belongs to and has no place of its own.
        is_rate = results[r].mention.quantity.kind == PERCENT
        same = [o for o in of_target[t] if (results[o].mention.quantity.kind == PERCENT) == is_rate]
        features[t, r] = near[t, r] | {
            f"named_{kind}": max(near[t, r]["about"], near[t, r]["near"]),
            f"head_noun_{kind}": near[t, r]["head_noun"],
            "bias": 1.0,
            "margin_target": own - best_result,
            "margin_result": own - best_target,
            "best_for_target": float(own >= best_result),
            "best_for_result": float(own >= best_target),
            "only_result": float(len(of_target[t]) == 1),
            "only_target": float(len(of_result[r]) == 1),
            "first_best": float(own > max((like[t, o] for o in of_target[t] if o < r), default=-1.0)),
            "order": -abs(_place(of_result[r], t) - _place(same, r)) if len(of_result[r]) > 1 and len(same) > 1 else 0.0,
            **circumstances(targets[t], results[r], elapsed=elapsed),
        }
    return features


def _place(rivals: Sequence[int], one: int) -> float:
    """Where one of at least two rivals stands in their order, in [0, 1]."""
    return rivals.index(one) / (len(rivals) - 1)
