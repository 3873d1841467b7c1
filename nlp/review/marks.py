"""A text with its statements, problems, cues and figures -> pieces to be shown one after the other, each with what covers it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from nlp.text import Span

# Controls, marks that turn the direction of text round, halves of characters: shown as � so that they act on nothing and every offset stays.
# A carriage return is among them, since HTML would join it with the line feed behind it.
_UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Piece:
    """A stretch of the text in which nothing begins or ends: `start` in characters, the numbers of the statement and problem over it (None: none)."""

    start: int
    text: str
    statement: int | None = None
    problem: int | None = None
    is_cue: bool = False
    is_figure: bool = False
    # The first piece of its problem bears the name of the kind.
    opens_problem: bool = False


def visible(text: str) -> str:
    """Text of the same length in which every character that would act on the page instead of being seen is �."""
    return _UNSHOWN.sub("\ufffd", text)


def pieces(
    text: str, *, statements: Sequence[Span] = (), problems: Sequence[Span] = (), cues: Sequence[Span] = (), figures: Sequence[Span] = ()
) -> list[Piece]:
    """The pieces in order; together they are the whole text. Of two problems over the same characters the shorter is shown."""
    cuts = sorted({0, len(text)} | {place for spans in (statements, problems, cues, figures) for span in spans for place in span if 0 < place < len(text)})
    shown = visible(text)
    by_statement, by_problem = _covering(statements, cuts), _covering(problems, cuts)
    by_cue, by_figure = _covering(cues, cuts), _covering(figures, cuts)
    found: list[Piece] = []
    before: int | None = None
    for n, (start, end) in enumerate(pairwise(cuts)):
        problem = by_problem[n]
        found.append(
            Piece(start, shown[start:end], by_statement[n], problem, by_cue[n] is not None, by_figure[n] is not None, problem is not None and problem != before)
        )
        before = problem
    return found


def _covering(spans: Sequence[Span], cuts: Sequence[int]) -> list[int | None]:
    """For each stretch between two cuts the number of the span over it; of several the shortest."""
    over: list[int | None] = [None] * max(len(cuts) - 1, 0)
    for n in sorted(range(len(spans)), key=lambda n: spans[n].start - spans[n].end):
        first, behind = bisect_right(cuts, spans[n].start) - 1, bisect_right(cuts, spans[n].end) - 1
        over[max(first, 0) : behind] = [n] * (behind - max(first, 0))
    return over


def spans_of(parts: Sequence[Mapping[str, Any]]) -> list[Span]:
    """The spans of rows with `start` and `end`."""
    return [Span(part["start"], part["end"]) for part in parts]
