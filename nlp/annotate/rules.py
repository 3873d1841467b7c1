"""Status by rules: the cues of a status text weighed into statements, problems and the status of the item.

This is the baseline that the trained model must beat, and the fallback where no model is. Figures are not held against targets here.
"""

from __future__ import annotations

import functools
import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final

from nlp.config import load_toml
from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, PROBLEM_KINDS, STATUSES
from nlp.records import Cue, Problem, Statement
from nlp.text import Span, cut_statements

_CLAUSE_END: Final = re.compile(r"[，,：:]")
_GOES_ON: Final = re.compile(r"已|正在|目前")
# Duties that no activity ends, and growth: not completed before the text says that the year's work is done.
_DUTY: Final = re.compile(
    r"坚持|加强|持续|推进|深化|加快|提升|优化|强化|健全|完善|增长|提高|推动|支持|促进|落实|巩固|做好|开展|严格|积极|深入|稳定|保持|不断|培育|发展|加大|扩大"
)
_FALL: Final = "shortfall-fall"
# A figure that fell, or rose where it should not: 同比下降3.1%, 反弹两成, 由2.1升至2.6.
_FELL: Final = re.compile(r"(?:降|减|跌|落|滑|升|涨|增|反弹|扩大|收窄|少|多)[^，。；]{0,10}[0-9一二三四五六七八九十两半]|负增长|-[0-9]")
_GOING_ON: Final = "in-progress-going-on"


@functools.cache
def load_confidence() -> dict[str, Any]:
    """How often each decision of the rules was right, measured by `scripts/measure_rules.py` on the training corpora."""
    return load_toml("rule_confidence.toml")


def label_statements(text: str, *, cues: Sequence[Cue]) -> tuple[Statement, ...]:
    """The statements of a status text with the status that their cues speak for.

    Parameters
    ----------
    cues : all cues of the text, offsets in `text`.
    """
    statements = []
    for span, inside in zip(spans := cut_statements(text), statement_cues(spans, cues), strict=True):
        status = _status(text, span, inside)
        statements.append(Statement(span, status, probabilities("statement", status), inside))
    return tuple(statements)


def statement_cues(spans: Sequence[Span], cues: Sequence[Cue]) -> list[tuple[Cue, ...]]:
    """The cues that overlap each span; spans ascend and do not overlap, and the work grows with their number plus that of the cues."""
    ends = [span.end for span in spans]
    found: list[list[Cue]] = [[] for _ in spans]
    for cue in cues:
        for n in range(bisect_right(ends, cue.span.start), len(spans)):
            if spans[n].start >= cue.span.end:
                break
            found[n].append(cue)
    return [tuple(inside) for inside in found]


def probabilities(what: str, status: str) -> tuple[float, ...]:
    """The `K` probabilities, in the order of `STATUSES`, of what is true when the rules say `status` of a `statement` or `item`."""
    shares = load_confidence()[what][status]
    return tuple(float(shares[name]) for name in STATUSES)


def _status(text: str, span: Span, cues: Sequence[Cue]) -> str:
    """The status of one statement, in the guide's order."""
    problems = {cue.label for cue in cues if cue.label in PROBLEM_KINDS}
    if problems - {"external"}:
        return AT_RISK
    said = set()
    is_intent = False
    for clause in _clauses(text, span):
        labels = {cue.label for cue in cues if _overlap(cue.span, clause) and cue.label in STATUSES}
        is_intent = NOT_STARTED in labels or (is_intent and not _GOES_ON.search(text, clause.start, clause.end))
        if is_intent or (problems and not labels & {IN_PROGRESS, COMPLETED}):
            said.add(NOT_STARTED)
        elif COMPLETED in labels and not any(cue.rule == _GOING_ON and _overlap(cue.span, clause) for cue in cues):
            said.add(COMPLETED)
        elif labels:
            said.add(IN_PROGRESS)
    if said == {NOT_STARTED}:
        return NOT_STARTED
    return COMPLETED if said == {COMPLETED} else IN_PROGRESS


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _clauses(text: str, span: Span) -> list[Span]:
    cuts = [span.start, *(match.end() for match in _CLAUSE_END.finditer(text, *span)), span.end]
    return [Span(start, end) for start, end in itertools.pairwise(cuts) if end > start]


def find_problems(text: str, *, statements: Iterable[Statement]) -> tuple[Problem, ...]:
    """Problem statements in text order, each within one statement; overlapping cues become one span with the kind of the first."""
    problems: list[Problem] = []
    score = load_confidence()["problem"]["precision"]
    for statement in statements:
        first = len(problems)
        for cue in sorted((cue for cue in statement.cues if cue.label in PROBLEM_KINDS), key=lambda cue: cue.span):
            span = _trim(text, Span(max(cue.span.start, statement.span.start), min(cue.span.end, statement.span.end)))
            last = problems[-1] if len(problems) > first else None
            if last and span.start < last.span.end:
                problems[-1] = Problem(Span(last.span.start, max(last.span.end, span.end)), last.kind, score, last.rule)
            else:
                problems.append(Problem(span, cue.label, score, cue.rule))
    return tuple(problems)


def _trim(text: str, span: Span) -> Span:
    start, end = span
    while start < end and not text[start].isalnum() and text[start] not in "“《（(":
        start += 1
    while end > start and not text[end - 1].isalnum() and text[end - 1] not in "”》）)%％":
        end -= 1
    return Span(start, end)


def judge_item(task: str, *, statements: Sequence[Statement], problems: Sequence[Problem]) -> tuple[str, str | None]:
    """Status and basis of an item from its statements and problems, in the guide's order."""
    if any(statement.status == AT_RISK for statement in statements):
        kinds = [problem for problem in problems if problem.kind != "external"]
        return AT_RISK, "decline" if all(problem.rule == _FALL for problem in kinds) else "stated"
    said = [statement.status for statement in statements]
    if said and all(status == COMPLETED for status in said) and not _DUTY.search(task):
        return COMPLETED, None
    if all(status == NOT_STARTED for status in said):
        return NOT_STARTED, None
    return IN_PROGRESS, None


def names_basis(text: str, problems: Sequence[Problem]) -> str:
    """`decline` where every problem is a figure that moved the wrong way, else `stated`."""
    standing = [problem for problem in problems if problem.kind != "external"]
    is_fall = [bool(_FELL.search(problem.span.of(text))) and problem.kind == "shortfall" for problem in standing]
    return "decline" if is_fall and all(is_fall) else "stated"
