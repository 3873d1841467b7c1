"""The item's final status and basis from what the words state and what the figures show, in the guide's order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nlp.annotate.pace import AHEAD, BAD, FALLING, MET, severity_of
from nlp.annotate.targets import GROWTH, MILESTONE, QUANTITY, find_targets
from nlp.labels import AT_RISK, BASES, BASIS_NAMES, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUS_NAMES, STATUSES
from nlp.records import Indicator, Problem, Statement
from nlp.text import Span

# What a figure is worth as evidence: it was read by program, and its pairing may be wrong.
_SUREST: Final = 0.98
_LEAST_SURE: Final = 0.6
_CLAUSE_END: Final = re.compile("[，,；;。]")
# Kinds of problem that say that too little was done; the others may stand beside good figures.
_TOO_LITTLE: Final = frozenset({"delay", "shortfall"})


@dataclass(frozen=True)
class Settled:
    """Final status and basis; `words_against_figures` where the words are fine and the figures are not, or the reverse; `deciding` is the figure behind it."""

    status: str
    basis: str | None
    words_against_figures: bool = False
    deciding: Indicator | None = None


def basis_of(indicator: Indicator) -> str | None:
    """The basis that a figure gives an item, None where it is not behind."""
    if indicator.verdict not in BAD:
        return None
    if indicator.verdict == FALLING:
        return "decline"
    return "growth" if indicator.kind == GROWTH else "pace"


def settle(
    task: str,
    *,
    status: str,
    basis: str | None,
    statements: Sequence[Statement],
    problems: Sequence[Problem],
    indicators: Sequence[Indicator],
    elapsed: float,
) -> Settled:
    """Status and basis from the words (`status`, `basis`, as read without figures) and the figures.

    Parameters
    ----------
    elapsed : share of the year gone by, in (0, 1].
    """
    # The guide knows no basis for a date that has passed: what the text says of it decides.
    indicators = [indicator for indicator in indicators if indicator.kind != MILESTONE]
    bases = [found for indicator in indicators if (found := basis_of(indicator))]
    if status == AT_RISK:
        return Settled(AT_RISK, _risk_basis(basis, bases), _denies_risk(statements, problems, indicators))
    if bases:
        first = min(bases, key=BASES.index)
        deciding = next(indicator for indicator in indicators if basis_of(indicator) == first)
        return Settled(AT_RISK, first, words_against_figures=status != NOT_STARTED, deciding=deciding)
    if status == COMPLETED and not _may_be_completed(indicators, elapsed=elapsed):
        unmet = [indicator for indicator in indicators if indicator.verdict != MET]
        return Settled(IN_PROGRESS, None, deciding=(unmet or list(indicators))[0])
    if status == IN_PROGRESS and _is_all_reached(task, statements, problems, indicators, elapsed=elapsed):
        return Settled(COMPLETED, None, deciding=indicators[0])
    return Settled(status, None)


def _risk_basis(basis: str | None, bases: Sequence[str]) -> str:
    """What the words state comes before what is computed; a fall that they only report is the figure's own basis."""
    return basis or min(bases, key=BASES.index, default="stated")


def _may_be_completed(indicators: Sequence[Indicator], *, elapsed: float) -> bool:
    """Completed only where every quantity was reached; growth, level and rank are not completed before the year ends."""
    return all(indicator.verdict == MET and (elapsed >= 1 or indicator.kind == QUANTITY) for indicator in indicators)


def _is_all_reached(task: str, statements: Sequence[Statement], problems: Sequence[Problem], indicators: Sequence[Indicator], *, elapsed: float) -> bool:
    """Whether every figure of the task was reached and nothing else of it is open: it has no clause without a figure, or no statement is under way."""
    if not indicators or problems or not _may_be_completed(indicators, elapsed=elapsed):
        return False
    spans = [indicator.task_span for indicator in indicators if indicator.task_span]
    if len(spans) < len(find_targets(task)):
        return False
    if all(statement.status in {COMPLETED, NOT_STARTED} for statement in statements):
        return True
    ends = [match.start() for match in _CLAUSE_END.finditer(task)]
    clauses = [Span(start, end) for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(task)], strict=True) if task[start:end].strip()]
    return all(any(clause.start <= span.start < clause.end for span in spans) for clause in clauses)


def _inside(indicator: Indicator, statement: Statement) -> bool:
    return statement.span.start <= indicator.text_span.start < statement.span.end


def _denies_risk(statements: Sequence[Statement], problems: Sequence[Problem], indicators: Sequence[Indicator]) -> bool:
    """Whether a statement says that too little was done and its own figure is met or ahead."""
    for statement in statements:
        says = any(p.kind in _TOO_LITTLE and statement.span.start <= p.span.start < statement.span.end for p in problems)
        figures = [indicator for indicator in indicators if _inside(indicator, statement)]
        if says and figures and all(indicator.verdict in {MET, AHEAD} for indicator in figures):
            return True
    return False


def severity_by_figures(settled: Settled, *, by_words: int, indicators: Sequence[Indicator]) -> int:
    """Severity, 0 to 3, of the whole item: the worse of what the words state and what the figures show."""
    if settled.status != AT_RISK:
        return by_words
    computed = severity_of(indicators)
    return computed if settled.basis in {"growth", "pace"} and settled.deciding else max(by_words, computed)


def shares_of(settled: Settled, probabilities: Sequence[float]) -> tuple[float, ...]:
    """The `K` probabilities, in the order of `labels.STATUSES`, after the figures had their say; those of the words where they agree."""
    wanted = STATUSES.index(settled.status)
    if max(probabilities) == probabilities[wanted]:
        return tuple(probabilities)
    sure = min(_SUREST, max(_LEAST_SURE, settled.deciding.score if settled.deciding else _LEAST_SURE))
    rest = sum(probabilities) - probabilities[wanted]
    return tuple(sure if i == wanted else (1 - sure) * share / rest for i, share in enumerate(probabilities))


def reason_of(settled: Settled) -> str | None:
    """One line in Chinese where a figure decided the status, else None."""
    if settled.deciding is None:
        return None
    name = BASIS_NAMES[settled.basis] if settled.basis else STATUS_NAMES[settled.status]
    note = "（文字未见问题）" if settled.words_against_figures else ""
    return f"{name}：{settled.deciding.name} {settled.deciding.arithmetic}{note}"
