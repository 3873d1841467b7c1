"""The marked-up line: a task or status text that carries its labels in place.

    {C} {P} {N} {R}     before a statement: completed, in progress, not started, at risk
    [delay|text]        a problem span with its kind
    <1|text>            in the task: target 1; in the status text: the result that belongs to target 1

Problem spans and results may hold each other: `[shortfall|同比下降 <1|13.1%>]`. The marks' own characters cannot stand in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from nlp.errors import CorpusError
from nlp.labels import PROBLEM_KINDS, STATUS_MARKS
from nlp.text import Span, cut_statements

_MARK: Final = re.compile(r"\{([A-Z])\}|\[([a-z]+)\||<(\d+)\||[\[\]<>{}|]")


@dataclass(frozen=True)
class MarkedText:
    """A text without its marks, and what the marks said; offsets count characters of `text`."""

    text: str
    statuses: tuple[tuple[int, str], ...] = ()
    problems: tuple[tuple[Span, str], ...] = ()
    numbered: dict[int, Span] = field(default_factory=dict)


def read_marks(marked: str, *, where: str = "") -> MarkedText:
    """Take the marks out of a marked-up line.

    Raises
    ------
    CorpusError : a mark is unknown, unclosed or used twice; the message quotes the text around it.
    """
    out: list[str] = []
    length = 0
    statuses: list[tuple[int, str]] = []
    problems: list[tuple[Span, str]] = []
    numbered: dict[int, Span] = {}
    stack: list[tuple[str, str, int]] = []
    position = 0
    for mark in _MARK.finditer(marked):
        out.append(marked[position : mark.start()])
        length += mark.start() - position
        position = mark.end()
        near = marked[max(0, mark.start() - 10) : mark.end() + 10]
        if mark.group(1):
            if mark.group(1) not in STATUS_MARKS:
                raise CorpusError(f"未知的状态标记 {mark.group()}，应为 {{C}} {{P}} {{N}} {{R}}：…{near}…", where=where)
            statuses.append((length, STATUS_MARKS[mark.group(1)]))
        elif mark.group(2):
            if mark.group(2) not in PROBLEM_KINDS:
                raise CorpusError(f"未知的问题类别 {mark.group(2)}，应为 {'、'.join(PROBLEM_KINDS)}：…{near}…", where=where)
            stack.append(("]", mark.group(2), length))
        elif mark.group(3):
            stack.append((">", mark.group(3), length))
        elif stack and mark.group() == stack[-1][0]:
            closing, value, start = stack.pop()
            if closing == "]":
                problems.append((Span(start, length), value))
            elif int(value) in numbered:
                raise CorpusError(f"标记 <{value}| 出现两次：…{near}…", where=where)
            else:
                numbered[int(value)] = Span(start, length)
        else:
            raise CorpusError(f"标记 {mark.group()} 没有配对：…{near}…", where=where)
    if stack:
        raise CorpusError(f"标记没有闭合：…{marked[-30:]}", where=where)
    out.append(marked[position:])
    return MarkedText("".join(out), tuple(statuses), tuple(sorted(problems)), numbered)


def label_statements(marked: MarkedText, *, where: str = "") -> tuple[tuple[Span, str], ...]:
    """The statements of the text, each with the status mark that stands before it.

    Raises
    ------
    CorpusError : marks and the cut of the text into statements do not agree one to one.
    """
    spans = cut_statements(marked.text)
    ends = [0, *(span.end for span in spans)]
    labelled: list[tuple[Span, str]] = []
    for i, span in enumerate(spans):
        found = [status for offset, status in marked.statuses if ends[i] <= offset <= span.start]
        if len(found) != 1:
            raise CorpusError(f"语句前应有一个状态标记，实有 {len(found)} 个：{span.of(marked.text)[:30]}", where=where)
        labelled.append((span, found[0]))
    if len(spans) != len(marked.statuses):
        raise CorpusError(f"状态标记 {len(marked.statuses)} 个，语句 {len(spans)} 个", where=where)
    return tuple(labelled)


def write_marks(
    text: str, *, statements: tuple[tuple[Span, str], ...] = (), problems: tuple[tuple[Span, str], ...] = (), numbered: dict[int, Span] | None = None
) -> str:
    """The marked-up line from which `read_marks` gives back just these labels."""
    letters = {status: letter for letter, status in STATUS_MARKS.items()}
    spans = [(span, f"[{kind}|", "]") for span, kind in problems] + [(span, f"<{n}|", ">") for n, span in (numbered or {}).items()]
    # At one offset: what closes stands first, inner before outer; then the status mark; then what opens, outer before inner.
    marks: list[tuple[int, int, int, str]] = [(span.start, 1, 0, f"{{{letters[status]}}}") for span, status in statements]
    for span, opening, closing in spans:
        marks += [(span.start, 2, -span.end, opening), (span.end, 0, -span.start, closing)]
    out: list[str] = []
    position = 0
    for offset, _, _, mark in sorted(marks):
        out += [text[position:offset], mark]
        position = offset
    return "".join([*out, text[position:]])
