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
_SHORTEST: Final = 3


def tag_tokens(offsets: Sequence[Span], problems: Sequence[tuple[Span, str]]) -> list[int]:
    """The tag of each token, by the characters that it covers."""
    tags = [OUTSIDE] * len(offsets)
    for span, kind in problems:
        inside = [i for i, place in enumerate(offsets) if place.start < span.end and span.start < place.end]
        for n, i in enumerate(inside):
            tags[i] = 1 + 2 * PROBLEM_KINDS.index(kind) + (n > 0)
    return tags


def read_tags(probabilities: np.ndarray[Any, np.dtype[np.float32]], *, offsets: Sequence[Span], text: str, within: Span, threshold: float) -> list[Problem]:
    """The problem spans of one statement.

    Parameters
    ----------
    probabilities : `(T, N_TAGS)`, each row sums to 1.
    offsets : characters of each of the `T` tokens, in `text`.
    within : the statement; no span leaves it.
    threshold : least probability, in (0, 1), that a token is not outside; lower finds more.
    """
    inside = 1.0 - probabilities[:, OUTSIDE]
    begins = probabilities[:, 1::2].sum(axis=1)
    runs: list[list[int]] = []
    for i in range(len(offsets)):
        if inside[i] < threshold:
            continue
        # A new span begins at once after another only where the model says so clearly.
        if runs and runs[-1][-1] == i - 1 and begins[i] < 0.5:
            runs[-1].append(i)
        else:
            runs.append([i])
    problems = []
    for run in runs:
        span = _trim(text, Span(max(within.start, offsets[run[0]].start), min(within.end, offsets[run[-1]].end)))
        if span.end - span.start < _SHORTEST:
            continue
        by_kind = probabilities[run, 1:].reshape(len(run), -1, 2).sum(axis=(0, 2))
        problems.append(Problem(span, PROBLEM_KINDS[int(by_kind.argmax())], float(inside[run].mean()), "model"))
    return problems


def _trim(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    return Span(start, end)
