"""The same task found again in another period, although its number, its place in the table or its wording changed."""

from __future__ import annotations

import functools
import heapq
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from rapidfuzz import fuzz, process

from nlp.compare.assign import assign
from nlp.compare.rows import Row
from nlp.config import load_toml
from nlp.text import fold, squeeze

_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")
_NO_WORD: Final = re.compile(r"(?<!\d)\.|\.(?!\d)|[^\w.%]|_")
# Rows compared in one step: keeps the matrix of ten thousand rows out of memory.
_CHUNK: Final = 500
_MOST_BELOW: Final = 20


@dataclass(frozen=True)
class Pair:
    """A task in both periods, with its likeness in [0, 1]; the rivals are the rows of either period that might as well stand in its place."""

    older: Row
    newer: Row
    similarity: float
    older_rivals: tuple[Row, ...] = ()
    newer_rivals: tuple[Row, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        """Whether the match might as well be another."""
        return bool(self.older_rivals or self.newer_rivals)


@dataclass(frozen=True)
class Unmatched:
    """A task of one period alone; `possible` holds the rows of the other period, unmatched as well, that resemble it, likest first."""

    row: Row
    possible: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Matching:
    """All rows of two periods: pairs and new tasks in the order of the newer report, dropped tasks in that of the older one."""

    pairs: tuple[Pair, ...]
    new: tuple[Unmatched, ...]
    dropped: tuple[Unmatched, ...]


@functools.cache
def settings(section: str) -> Mapping[str, Any]:
    """The thresholds of a section of `resources/compare.toml`."""
    return dict(load_toml("compare.toml")[section])


def plain(text: str) -> str:
    """`text` without white space and punctuation, letters half-width and small; figures keep their decimal point and percent sign."""
    return _NO_WORD.sub("", squeeze(fold(text))[0])


def masked(text: str) -> str:
    """`plain` with every figure as 0: a task whose target was revised stays the same."""
    return _FIGURE.sub("0", plain(text))


@functools.lru_cache(maxsize=65_536)
def likeness_of_units(older: tuple[str, ...], newer: tuple[str, ...]) -> float:
    """How alike two lists of units are, in [0, 1]: half for the lead unit found again, half for the lists as a whole; 1 where one is empty."""
    if not older or not newer or older == newer:
        return 1.0
    lead = max(fuzz.ratio(older[0], unit) for unit in newer)
    return float(lead + fuzz.ratio("".join(sorted(older)), "".join(sorted(newer)))) / 200


def match(older: Sequence[Row], newer: Sequence[Row]) -> Matching:
    """Every row of both periods, matched or not: the assignment with the greatest total likeness among pairs that are alike enough.

    A task that stands unchanged and once in both periods is matched to itself; the rest is held against each other by wording, figures and units.
    """
    rules = settings("match")
    found = _identical(older, newer)
    likeness = dict.fromkeys(found.items(), 1.0)
    open_older = [i for i in range(len(older)) if i not in found]
    open_newer = sorted(set(range(len(newer))) - set(found.values()))
    candidates = _candidates(older, newer, open_older, open_newer)
    alike = {pair: value for pair, value in candidates.items() if value >= rules["same"]}
    # What a pair gains over two rows left alone; else two poor pairs would outweigh one good one.
    gains = {pair: value - rules["same"] + 1e-6 + _place(older, newer, *pair) for pair, value in alike.items()}
    assigned = assign(gains, largest_exact=rules["largest_exact"])
    above, beside = _rivals(alike, assigned, same=rules["same"], margin=rules["margin"])
    found |= assigned
    likeness |= alike
    pairs = {}
    for i, j in found.items():
        older_rivals = tuple(older[k] for k in above.get(i, ()) if not _is_twin(older[i], older[k]))
        newer_rivals = tuple(newer[k] for k in beside.get(i, ()) if not _is_twin(newer[j], newer[k]))
        pairs[j] = Pair(older[i], newer[j], round(likeness[i, j], 4), older_rivals, newer_rivals)
    new = [j for j in range(len(newer)) if j not in pairs]
    dropped = [i for i in range(len(older)) if i not in found]
    left = {pair: value for pair, value in candidates.items() if pair[0] not in found and pair[1] not in pairs}
    above_new = _likest({(j, i): value for (i, j), value in left.items()}, most=rules["most_possible"])
    beside_dropped = _likest(left, most=rules["most_possible"])
    return Matching(
        tuple(pairs[j] for j in sorted(pairs)),
        tuple(Unmatched(newer[j], tuple(older[i] for i in above_new.get(j, ()))) for j in new),
        tuple(Unmatched(older[i], tuple(newer[j] for j in beside_dropped.get(i, ()))) for i in dropped),
    )


def _likest(pairs: Mapping[tuple[int, int], float], *, most: int) -> dict[int, list[int]]:
    """First index -> the second indices that go with it, likest first, at most `most`."""
    grouped: dict[int, list[tuple[float, int]]] = {}
    for (first, second), value in pairs.items():
        grouped.setdefault(first, []).append((-value, second))
    return {first: [second for _, second in heapq.nsmallest(most, others)] for first, others in grouped.items()}


def _identical(older: Sequence[Row], newer: Sequence[Row]) -> dict[int, int]:
    """Older -> newer index of the tasks whose wording, figures included, stands once in each period."""
    texts = [[plain(row.task) for row in rows] for rows in (older, newer)]
    counts = [Counter(column) for column in texts]
    place = {text: j for j, text in enumerate(texts[1])}
    return {i: place[text] for i, text in enumerate(texts[0]) if text and counts[0][text] == counts[1][text] == 1}


def _candidates(older: Sequence[Row], newer: Sequence[Row], left: Sequence[int], right: Sequence[int]) -> dict[tuple[int, int], float]:
    """Likeness, in [0, 1], of the pairs of indices (`left` x `right`) that reach the threshold `possible`."""
    rules = settings("match")
    words = ([masked(newer[j].task) for j in right], [plain(newer[j].task) for j in right])
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(left), _CHUNK):
        chunk = left[start : start + _CHUNK]
        own = ([masked(older[i].task) for i in chunk], [plain(older[i].task) for i in chunk])
        # Half for the words, half for words and figures: a revised target costs something, a missing word costs more.
        halves = [process.cdist(a, b, scorer=fuzz.ratio, dtype=np.float32) for a, b in zip(own, words, strict=True)]
        wording = (halves[0] + halves[1]) / 200
        if wording.shape[1] > _MOST_BELOW:
            # Of what is too little alike to be the same only the likest are kept: what resembles everything tells nothing.
            least = -np.partition(-np.where(wording < rules["same"], wording, 0), _MOST_BELOW, axis=1)[:, _MOST_BELOW, None]
            wording[wording <= np.minimum(least, rules["same"] - 1e-6)] = 0
        for a, b in np.argwhere(wording >= rules["possible"]).tolist():
            i, j = chunk[a], right[b]
            value = float(wording[a, b]) - rules["units"] * (1 - likeness_of_units(older[i].units, newer[j].units))
            if value >= rules["possible"]:
                found[i, j] = value
    return found


def _place(older: Sequence[Row], newer: Sequence[Row], i: int, j: int) -> float:
    """What order and number of the rows add: enough to part what is alike, too little to outweigh wording."""
    rules = settings("match")
    apart = abs(i / max(1, len(older) - 1) - j / max(1, len(newer) - 1))
    return float(rules["order"] * (1 - apart) + rules["number"] * (older[i].number == newer[j].number != ""))


def _rivals(
    alike: Mapping[tuple[int, int], float], assigned: Mapping[int, int], *, same: float, margin: float
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each assigned older row the older rows, and the unmatched newer ones, whose taking part instead costs less than `margin` in all."""
    gain = {pair: value - same for pair, value in alike.items()}
    rows_at: dict[int, list[int]] = {}
    columns_at: dict[int, list[int]] = {}
    for i, j in alike:
        rows_at.setdefault(j, []).append(i)
        columns_at.setdefault(i, []).append(j)
    taken = set(assigned.values())
    above: dict[int, list[int]] = {}
    beside: dict[int, list[int]] = {}
    for i, j in assigned.items():
        for k in rows_at[j]:
            held = assigned.get(k)
            before = gain[i, j] + (gain[k, held] if held is not None else 0.0)
            after = gain[k, j] + (gain.get((i, held), 0.0) if held is not None else 0.0)
            if k != i and before - after < margin:
                above.setdefault(i, []).append(k)
        for other in columns_at[i]:
            if other not in taken and gain[i, j] - gain[i, other] < margin:
                beside.setdefault(i, []).append(other)
    return above, beside


def _is_twin(row: Row, other: Row) -> bool:
    """Whether two rows differ in nothing that a comparison shows, so that it does not matter which is which."""
    return row is not other and (row.task, row.units, row.text, row.status) == (other.task, other.units, other.text, other.status)
