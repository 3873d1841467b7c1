"""Problem spans as token tags: what the model is taught and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from nlp.labels import PROBLEM_KINDS
from nlp.records import Problem
from nlp.text import Span

OUTSIDE: Final = 0
# 0 outside; 1 + 2k begins a span of kind k, 2 + 2k goes on with it.
N_TAGS: Final = 1 + 2 * len(PROBLEM_KINDS)
_EDGE: Final = "，,、。；;：: \u3000\n"
# A space stands between words and figures of one clause (同比下降 3%).
_PARTING: Final = frozenset(_EDGE) - {" "}
# A percent sign belongs to the number before it, which a span that begins with it has lost.
_LEADING: Final = _EDGE + "%％‰"
# Two in a thousand labelled problems are shorter: such a run is a scrap of a clause. Where a statement has nothing else it stands.
_SHORTEST: Final = 4
_SHORTEST_ALONE: Final = 2
_LONGEST_GAP: Final = 3
_EXTERNAL: Final = PROBLEM_KINDS.index("external")
# A statement that is at risk with five eighths or more gives its spans their full score.
_RISK_FACTOR: Final = 1.6
RELATIVE: Final = 0.75
Array = np.ndarray[Any, np.dtype[Any]]


def tag_tokens(offsets: Sequence[Span], problems: Sequence[tuple[Span, str]]) -> list[int]:
    """The tag of each token, by the characters that it covers."""
    tags = [OUTSIDE] * len(offsets)
    for span, kind in problems:
        inside = [i for i, place in enumerate(offsets) if place.start < span.end and span.start < place.end]
        for n, i in enumerate(inside):
            tags[i] = 1 + 2 * PROBLEM_KINDS.index(kind) + (n > 0)
    return tags


def read_tags(
    probabilities: Array, *, offsets: Sequence[Span], text: str, within: Span, risk: float, threshold: float, relative: float = RELATIVE
) -> list[Problem]:
    """The problem spans of one statement.

    Only a neutral wait may stand in a statement that is not at risk, so every other kind counts as much as the statement is at risk; and a statement that
    is at risk has a problem: where none reaches the threshold, the strongest run is taken.

    Parameters
    ----------
    probabilities : `(T, N_TAGS)`, each row sums to 1.
    offsets : characters of each of the `T` tokens, in `text`.
    within : the statement; no span leaves it.
    risk : probability, in [0, 1], that the statement is at risk.
    threshold : least score, in (0, 1), of a token inside a span; lower finds more.
    relative : spans that score less than this share of the best of the statement are left out; 0 keeps all. A span scores as its surest token does, so that
        its score does not depend on how many unsure ones a low threshold adds to it.
    """
    if not len(offsets):
        return []
    by_kind = probabilities[:, 1:].reshape(len(offsets), -1, 2).sum(axis=2)
    waits = by_kind[:, _EXTERNAL]
    others = by_kind.sum(axis=1) - waits
    score = waits + others * min(1.0, risk * _RISK_FACTOR)
    found = _problems(_runs(score, threshold, offsets, text), by_kind, score, offsets=offsets, text=text, within=within)
    if risk > 0.5 and all(problem.kind == "external" for problem in found):
        strongest = int(others.argmax())
        lower = min(threshold, float(score[strongest]) / 2)
        runs = [run for run in _runs(score, lower, offsets, text) if strongest in run]
        by_kind = by_kind.copy()
        by_kind[:, _EXTERNAL] = 0.0
        rescued = _problems(runs, by_kind, score, offsets=offsets, text=text, within=within, shortest=_SHORTEST_ALONE)
        found = [p for p in found if all(p.span.end <= r.span.start or r.span.end <= p.span.start for r in rescued)] + rescued
    best = max((problem.score for problem in found), default=0.0)
    return sorted((problem for problem in found if problem.score >= relative * best), key=lambda problem: problem.span)


def _runs(score: Array, threshold: float, offsets: Sequence[Span], text: str) -> list[list[int]]:
    """Runs of tokens that reach the threshold; a gap of a few tokens within one clause does not part a run, the mark between two clauses does."""
    runs: list[list[int]] = []
    for i in range(len(offsets)):
        if score[i] < threshold:
            continue
        if runs and i - runs[-1][-1] <= _LONGEST_GAP and not _PARTING & set(text[offsets[runs[-1][-1]].end : offsets[i].start + 1]):
            runs[-1] = list(range(runs[-1][0], i + 1))
        else:
            runs.append([i])
    return runs


def _problems(
    runs: Sequence[Sequence[int]], by_kind: Array, score: Array, *, offsets: Sequence[Span], text: str, within: Span, shortest: int = _SHORTEST
) -> list[Problem]:
    problems = []
    for run in runs:
        span = _trim(text, Span(max(within.start, offsets[run[0]].start), min(within.end, offsets[run[-1]].end)))
        if span.end - span.start >= shortest:
            kind = PROBLEM_KINDS[int(by_kind[list(run)].sum(axis=0).argmax())]
            problems.append(Problem(span, kind, float(min(1.0, score[list(run)].max())), "model"))
    return problems


def _trim(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start] in _LEADING:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    return Span(start, end)
