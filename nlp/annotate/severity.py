"""Severity of an item from what its text states: 0 none, 1 watch, 2 serious, 3 critical."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final

from nlp.config import load_toml
from nlp.labels import AT_RISK
from nlp.records import Problem
from nlp.text import fold, squeeze

# Kinds that a mild word does not make slight: something stands still or is late.
_HARD: Final = frozenset({"blocked"})
_STATEMENT_MARKS: Final = "[；;。！？\n]"
# So much of the words before a fall must be the task's for it to be the task's own figure.
_OWN: Final = 0.33
_NAME: Final = 3
_SUBJECT: Final = 24


@functools.cache
def load_words() -> dict[str, re.Pattern[str]]:
    """The word lists of `resources/severity.toml`, each as one pattern over folded text without white space."""
    return {name: re.compile("|".join(f"(?:{pattern})" for pattern in part["patterns"])) for name, part in load_toml("severity.toml").items()}


def judge_severity(text: str, *, task: str = "", status: str, problems: Sequence[Problem]) -> int:
    """Severity in {0, 1, 2, 3}; higher is worse. A task that only waits on others is 1."""
    if status != AT_RISK:
        return int(any(problem.kind == "external" for problem in problems))
    words = load_words()
    stated = " ".join(_plain(problem.span.of(text)) for problem in problems)
    if words["critical"].search(stated) or any(_is_own_setback(task, text, problem) for problem in problems):
        return 3
    is_hard = any(problem.kind in _HARD for problem in problems)
    return 1 if words["slight"].search(stated) and not is_hard else 2


def has_way_forward(text: str) -> bool:
    """Whether the text says what is being done."""
    return bool(load_words()["way_forward"].search(_plain(text)))


def _plain(text: str) -> str:
    return squeeze(fold(text))[0]


def _is_own_setback(task: str, text: str, problem: Problem) -> bool:
    """Whether the problem is a figure of the task that moved the wrong way: it fell, or rose where the task wants less."""
    words = load_words()
    stated = fold(problem.span.of(text))
    match = words["fall"].search(stated) or (words["rise"].search(stated) if words["less_wanted"].search(fold(task)) else None)
    if problem.kind != "shortfall" or not match:
        return False
    before = text[max(0, problem.span.start - _SUBJECT) : problem.span.start] + problem.span.of(text)[: match.start()]
    statement = re.split(_STATEMENT_MARKS, before)[-1]
    # The clause of the figure, and the one before it: “进出口总额14.9亿元，同比下降4.1%”.
    subject = "，".join(re.split("[，,]", statement)[-2:])
    pairs = [subject[i : i + 2] for i in range(len(subject) - 1) if _is_chinese(subject[i]) and _is_chinese(subject[i + 1])]
    is_named = any(subject[i : i + _NAME] in task and all(map(_is_chinese, subject[i : i + _NAME])) for i in range(len(subject) - _NAME + 1))
    return is_named or (bool(pairs) and sum(pair in task for pair in pairs) >= _OWN * len(pairs))


def _is_chinese(character: str) -> bool:
    return "一" <= character <= "龥"
