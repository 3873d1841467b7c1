"""The clauses of a status text that can stand alone: cut at commas outside brackets, dependent clauses kept with what they lean on."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from nlp.config import load_toml
from nlp.records import Statement
from nlp.text import Span, fold, partners

_MARKS: Final = frozenset("，,；;：:。！？!?\n")
_EDGE: Final = " \t\u3000\xa0\r\n，,、；;：:。！？!?"
# A comma or colon between digits is part of the figure: 1,200; 12:30.
_JOINT: Final = frozenset(",:")
# A clause this short says little without the one before it.
_TINY: Final = 7
# What stands before a colon and is no longer than this is the heading of what follows.
_HEADING: Final = 12
_COLONS: Final = ("：", ":")
# More clauses than this are not looked at: no summary reaches so far.
MOST_CLAUSES: Final = 200


class Clause(NamedTuple):
    """A stretch that reads on its own; `statement` is the index of its statement, `place` its number in it from 0."""

    span: Span
    statement: int
    place: int


class Words(NamedTuple):
    """Word lists of `resources/summary.toml` as patterns over folded text."""

    dropped: re.Pattern[str]
    lead: re.Pattern[str]
    orphan: re.Pattern[str]
    leans_back: re.Pattern[str]
    leans_forward: re.Pattern[str]
    ends_open: re.Pattern[str]


@functools.cache
def load_words() -> Words:
    """The patterns that say what is dropped before a clause and what a clause leans on."""
    words = load_toml("summary.toml")["clauses"]
    return Words(
        re.compile(f"(?:{'|'.join(words['dropped'])})$"),
        re.compile(f"(?:{'|'.join(words['lead'])})"),
        re.compile(f"(?:{'|'.join(words['orphan'])})"),
        re.compile(f"(?:{'|'.join(words['leans_back'])})"),
        re.compile(f"(?:{'|'.join(words['leans_forward'])})"),
        re.compile(f"(?:{'|'.join(words['ends_open'])})$"),
    )


def cut_clauses(text: str, *, statements: Sequence[Statement], longest: int) -> list[Clause]:
    """The clauses of the text in order, none longer than `longest` characters unless it cannot be cut; at most `MOST_CLAUSES`."""
    folded = fold(text)
    closed_at = partners(text)
    found: list[Clause] = []
    for n, statement in enumerate(statements):
        parts = _parts(folded, statement.span, closed_at)
        spans = [span for run in _runs(folded, parts) for span in _fit(folded, run, longest=longest)]
        found += [Clause(span, n, place) for place, span in enumerate(spans)]
        if len(found) >= MOST_CLAUSES:
            return found[:MOST_CLAUSES]
    return found


def _parts(text: str, span: Span, closed_at: dict[int, int]) -> list[Span]:
    """The statement cut at every mark outside quotes and brackets, marks and white space trimmed."""
    parts: list[Span] = []
    start = i = span.start
    while i < span.end:
        if i in closed_at:
            i = closed_at[i]
            continue
        is_joint = text[i] in _JOINT and text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit()
        if text[i] in _MARKS and not is_joint:
            parts.append(Span(start, i))
            start = i + 1
        i += 1
    parts.append(Span(start, span.end))
    return [trimmed for part in parts if (trimmed := trim(text, part))]


def trim(text: str, span: Span) -> Span | None:
    """The span without marks, white space and opening words (一是, 其中, 截至6月底) at its head; None where nothing is left."""
    start, end = span
    lead = load_words().lead
    while start < end:
        if text[start] in _EDGE:
            start += 1
        elif (match := lead.match(text, start, end)) and match.end() > start:
            start = match.end()
        else:
            break
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    return Span(start, end) if any(c.isalnum() for c in text[start:end]) else None


def _runs(text: str, parts: Sequence[Span]) -> list[list[Span]]:
    """Parts that lean on a neighbour joined with it; a part that is only a time or a heading is left out."""
    words = load_words()
    runs: list[list[Span]] = []
    is_open = False
    for part in parts:
        stated = part.of(text)
        if words.dropped.match(stated):
            continue
        if not runs and (match := words.orphan.match(stated)):
            part = trim(text, Span(part.start + match.end(), part.end)) or part  # noqa: PLW2901
        leans_back = len(stated) < _TINY or bool(words.leans_back.match(stated))
        if runs and (is_open or leans_back):
            runs[-1].append(part)
        else:
            runs.append([part])
        is_heading = len(stated) <= _HEADING and text[part.end : part.end + 1] in _COLONS
        is_open = bool(is_heading or words.leans_forward.match(stated) or words.ends_open.search(stated))
    return runs


def _fit(text: str, run: list[Span], *, longest: int) -> list[Span]:
    """The run as one span where it is short enough, else its parts packed as far as they fit."""
    spans: list[Span] = []
    for part in run:
        if spans and part.end - spans[-1].start <= longest:
            spans[-1] = Span(spans[-1].start, part.end)
        elif not spans or not load_words().leans_back.match(part.of(text)):
            spans.append(part)
    return spans
