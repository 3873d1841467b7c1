"""Summaries against the gists that a person wrote: ROUGE-L on characters, and two plain ways of summarising to hold against."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from nlp.text import Span


def characters(text: str) -> str:
    """The characters that count: no white space and no marks but %."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c == "%" or not (c.isspace() or unicodedata.category(c)[0] in "PCZ"))


def common(one: str, other: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = 0
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], before + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]


def rouge_l(summary: str, gist: str) -> float:
    """ROUGE-L F in [0, 1] on characters, precision and recall weighing the same."""
    one, other = characters(summary), characters(gist)
    return 2 * common(one, other) / (len(one) + len(other)) if one or other else 0.0


def lead(text: str, *, longest: int = 60) -> str:
    """The first `longest` characters."""
    return text[:longest]


def textrank(text: str, spans: Sequence[Span], *, longest: int = 60, damping: float = 0.85, rounds: int = 50) -> str:
    """The pieces of the text that are most like the others, as many as fit, in order: TextRank with shared character pairs as likeness.

    Parameters
    ----------
    spans : the pieces to choose from, in order.
    """
    pairs = [{span.of(text)[i : i + 2] for i in range(span.end - span.start - 1)} for span in spans]
    n = len(spans)
    likeness = [
        [
            0.0 if i == j or not pairs[i] or not pairs[j] else len(pairs[i] & pairs[j]) / (math.log(len(pairs[i]) + 1) + math.log(len(pairs[j]) + 1))
            for j in range(n)
        ]
        for i in range(n)
    ]
    out = [sum(row) for row in likeness]
    rank = [1.0] * n
    for _ in range(rounds):
        rank = [1 - damping + damping * sum(likeness[j][i] / out[j] * rank[j] for j in range(n) if out[j]) for i in range(n)]
    chosen: list[int] = []
    size = 0
    for i in sorted(range(n), key=lambda i: (-rank[i], i)):
        if size + spans[i].end - spans[i].start + bool(chosen) <= longest:
            size += spans[i].end - spans[i].start + bool(chosen)
            chosen.append(i)
    return "，".join(spans[i].of(text) for i in sorted(chosen)) or text[:longest]


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / (math.log(len(one) + 1) + math.log(len(other) + 1)) if one and other else 0.0
