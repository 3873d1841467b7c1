"""Extractive summary of a status text: its own statements, shortened at commas, never reworded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nlp.labels import AT_RISK
from nlp.records import Problem, Statement
from nlp.text import Span

LONGEST: Final = 60
_SHORTEST: Final = 4


def summarise(text: str, *, statements: Sequence[Statement], problems: Sequence[Problem]) -> str:
    """At most `LONGEST` characters taken from the text: the problems, then the statements in order, as far as whole clauses fit."""
    if len(text) <= LONGEST:
        return " ".join(text.split()).strip("。；")
    chosen: list[Span] = []
    length = 0
    for piece in _pieces(text, statements, problems):
        size = piece.end - piece.start + bool(chosen)
        if length + size <= LONGEST and not any(piece.start < other.end and other.start < piece.end for other in chosen):
            chosen.append(piece)
            length += size
        if length > LONGEST - _SHORTEST:
            break
    return "；".join(" ".join(piece.of(text).split()) for piece in chosen) or " ".join(text[:LONGEST].split())


def _pieces(text: str, statements: Sequence[Statement], problems: Sequence[Problem]) -> Iterator[Span]:
    """Candidates in order of weight: problems, statements at risk, the others."""
    yield from (problem.span for problem in problems)
    for statement in sorted(statements, key=lambda statement: statement.status != AT_RISK):
        yield from _clauses(text, statement.span)


def _clauses(text: str, span: Span) -> list[Span]:
    """The statement itself where it is short, else its clauses between commas outside brackets."""
    if span.end - span.start <= LONGEST // 2:
        return [span]
    clauses: list[Span] = []
    start, depth = span.start, 0
    for i in range(span.start, span.end):
        depth += (text[i] in "（(“《") - (text[i] in "）)”》")
        if text[i] in "，," and depth <= 0:
            clauses.append(Span(start, i))
            start = i + 1
    return [clause for clause in [*clauses, Span(start, span.end)] if clause.of(text).strip()]
