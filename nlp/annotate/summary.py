"""Extractive summary of a status text: the clauses that a supervisor would keep, in the order of the text and in its own words."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nlp.annotate.clauses import Clause, cut_clauses
from nlp.annotate.pace import BAD
from nlp.config import load_toml
from nlp.labels import STATUSES
from nlp.records import Indicator, Problem, Statement
from nlp.text import Span, fold, shorten

LONGEST: Final = 60
_FIGURE: Final = re.compile(r"\d[\d.,]*")
_MOST_FIGURES: Final = 3


def summarise(
    task: str,
    text: str,
    *,
    statements: Sequence[Statement],
    problems: Sequence[Problem],
    indicators: Sequence[Indicator] = (),
    settings: Mapping[str, Any] | None = None,
) -> str:
    """At most `LONGEST` characters taken from the text: its best clauses in their order, never reworded; a short text stays whole.

    Parameters
    ----------
    settings : weights of the features and the length aimed at, as in `resources/summary_weights.toml`, which is taken where none are given.
    """
    if len(text) <= LONGEST:
        return " ".join(text.split()).strip("。；")
    table = load_settings() if settings is None else settings
    clauses = cut_clauses(text, statements=statements, longest=LONGEST)
    rows = clause_features(task, text, clauses=clauses, statements=statements, problems=problems, indicators=indicators)
    worth = [sum(table["weights"].get(name, 0.0) * value for name, value in row.items()) for row in rows]
    chosen = choose([clause.span.end - clause.span.start for clause in clauses], worth, expected=table["expected_length"], longest=LONGEST)
    return join(text, [clauses[n] for n in chosen]) or shorten(" ".join(text.split()), longest=LONGEST)


@functools.cache
def load_settings() -> dict[str, Any]:
    """Weights of the features of a clause and the length of a summary aimed at, from `resources/summary_weights.toml`."""
    return load_toml("summary_weights.toml")


@functools.cache
def _cues() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in load_toml("summary.toml")["cues"].items()}


def clause_features(
    task: str,
    text: str,
    *,
    clauses: Sequence[Clause],
    statements: Sequence[Statement],
    problems: Sequence[Problem],
    indicators: Sequence[Indicator],
) -> list[dict[str, float]]:
    """What speaks for and against each clause, by name; values are from 0 to 3, those of zero left out."""
    wanted = _pairs_of(fold(task))
    counts = [len(_pairs_of(fold(clause.span.of(text))) & wanted) for clause in clauses]
    most = max(counts, default=0)
    is_troubled = any(problem.kind != "external" for problem in problems)
    rows = []
    for n, (clause, shared) in enumerate(zip(clauses, counts, strict=True)):
        stated = fold(clause.span.of(text))
        length = len(stated)
        figures = len(_FIGURE.findall(stated))
        inside = [problem for problem in problems if _touch(problem.span, clause.span)]
        held = [indicator for indicator in indicators if _touch(indicator.text_span, clause.span)]
        covered = sum(min(p.span.end, clause.span.end) - max(p.span.start, clause.span.start) for p in inside)
        status = statements[clause.statement].status
        row: dict[str, float] = {
            "bias": 1.0,
            **{name: float(status == name) for name in STATUSES},
            "problem": any(problem.kind != "external" for problem in inside),
            "external": any(problem.kind == "external" for problem in inside),
            "problem_share": min(1.0, covered / length),
            "beside_problem": is_troubled and not inside,
            "figure": figures > 0,
            "more_figures": min(_MOST_FIGURES, max(0, figures - 1)),
            "indicator": bool(held),
            "bad_indicator": any(indicator.verdict in BAD for indicator in held),
            "beside_indicator": bool(indicators) and not held,
            "task_in_clause": shared / max(1, length - 1),
            "clause_in_task": shared / max(1, len(wanted)),
            "nearest_to_task": most > 0 and shared == most,
            "first": n == 0,
            "first_of_statement": clause.place == 0,
            "late": n / max(1, len(clauses) - 1),
            "very_short": length < 6,
            "short": 6 <= length < 11,
            "long": 22 <= length < 32,
            "very_long": length >= 32,
            "bracket": "（" in stated or "(" in stated,
            **{name: bool(pattern.search(stated)) for name, pattern in _cues().items()},
        }
        rows.append({name: float(value) for name, value in row.items() if value})
    return rows


def choose(lengths: Sequence[int], worth: Sequence[float], *, expected: float, longest: int) -> list[int]:
    """Indices, ascending, of the clauses that make the best summary.

    Parameters
    ----------
    worth : share of each clause that a person would keep, as predicted.
    expected : length, in characters, of the summary that a person would write. A clause is taken while it raises the share that both summaries have in common.
    """
    chosen: list[int] = []
    kept = size = 0.0
    for n in sorted(range(len(lengths)), key=lambda n: (-worth[n], n)):
        grown = size + lengths[n] + bool(chosen)
        if grown > longest or (chosen and (kept + lengths[n] * worth[n]) / (grown + expected) <= kept / (size + expected)):
            continue
        chosen.append(n)
        kept, size = kept + lengths[n] * worth[n], grown
    return sorted(chosen)


def join(text: str, clauses: Sequence[Clause]) -> str:
    """The clauses as one line: a comma within a statement, a semicolon between two."""
    line = ""
    for before, clause in zip([None, *clauses], clauses, strict=False):
        line += "" if before is None else "，" if before.statement == clause.statement else "；"
        line += " ".join(clause.span.of(text).split())
    return line


def _pairs_of(text: str) -> set[str]:
    """The pairs of neighbouring characters of a text that are no marks."""
    return {text[i : i + 2] for i in range(len(text) - 1) if text[i].isalnum() and text[i + 1].isalnum()}


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
