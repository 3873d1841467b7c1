"""Milestones: events that a task wants without a number (建成…, 出台…, 6月底前完成…), and what the status text says of them.

A milestone informs and decides no status: the guide knows no basis for it. Words are data (`resources/milestones.toml`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nlp.annotate.likeness import core, coverage, longest_common
from nlp.annotate.targets import MILESTONE, Target, find_targets
from nlp.config import load_toml
from nlp.records import Indicator
from nlp.text import Span, cut_statements, fold

_CLAUSE: Final = re.compile(r"[^，,；;。：:！？\n]{1,200}")
_MONTH: Final = re.compile(r"(?<![0-9一二三四五六七八九十])([0-9]{1,2}|[一二三四五六七八九]|十[一二]?)月(?:([0-9]{1,2})日|[上中]旬|底|末|份)?(?![0-9])")
_MONTHS: Final = {c: n for n, c in enumerate(("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"), start=1)}
_DATE: Final = re.compile(
    r"(?:今年|本年度?|20[0-9]{2}年)?(?:[0-9一二三四五六七八九十]{1,2}月(?:[0-9]{1,2}日|[上中下]旬|底|末|份)?|[上下]半年|[一二三四]季度末?|年[内底末]|主?汛期?|春节|国庆节?)(?:之?前)?"
)
_YEAR: Final = re.compile(r"(?<![0-9])(20[0-9]{2})(?=[年—–~至-])")
_TITLE: Final = re.compile("《[^》]{0,80}》?|“[^”]{0,80}”?")
_MOST_CLAUSES: Final = 200
_MOST: Final = 20
_LONGEST_NAME: Final = 24
_LEAST_NAME: Final = 4
_AND_SO_ON: Final = re.compile("等[^等]{0,8}$")
# Where the name stands in the statement but not in the clause itself, it may be another thing that came about.
_CARRIED: Final = 0.8
_LEAST: Final = 0.55
_COUNT: Final = re.compile("[0-9]")
_BIT: Final = 1e-9


@dataclass(frozen=True)
class Milestone:
    """An event that a task wants; `value` is the share of the year by which it is due, in (0, 1], 1 where no date is given.

    `course` and `step` say which words of a text tell that it came about; `span` covers the word of the task, `clause` is that word's clause.
    """

    name: str
    value: float
    course: int
    step: int
    span: Span
    clause: str
    is_dated: bool
    # The only thing that the task wants: a text need not name it.
    is_alone: bool
    unit: str = ""
    kind: str = MILESTONE
    comparator: str = "<="


@functools.cache
def _words() -> dict[str, Any]:
    return load_toml("milestones.toml")


@functools.cache
def _asked() -> tuple[re.Pattern[str], dict[str, tuple[int, int]]]:
    """The words of a task, longest first, and course and step of each."""
    table = {word: (c, s) for c, course in enumerate(_words()["course"]) for s, step in enumerate(course["steps"]) for word in step["asked"]}
    return re.compile("|".join(sorted(table, key=lambda word: -len(word)))), table


@functools.cache
def _done(course: int, step: int) -> re.Pattern[str]:
    """The words by which a text says that the step, or one behind it, was reached."""
    words = [word for later in _words()["course"][course]["steps"][step:] for word in later["done"]]
    return re.compile("|".join(sorted(words, key=lambda word: -len(word))))


@functools.cache
def _awaited() -> re.Pattern[str]:
    return re.compile("|".join(_words()["words"]["open"]))


def find_milestones(task: str, *, targets: Sequence[Target] | None = None, year: int | None = None) -> tuple[Milestone, ...]:
    """The milestones of a task in order, 20 at most; offsets count characters of `task`.

    A clause with one of the task's numeric `targets` has none, nor has one that names a year other than `year`, that of the report.
    """
    folded = fold(task)
    numbers = [target.span.start for target in (find_targets(task) if targets is None else targets)]
    clauses = [match.span() for match in _CLAUSE.finditer(folded)]
    pattern, table = _asked()
    found: list[Milestone] = []
    for start, end in clauses:
        word = pattern.search(folded, start, end)
        if (
            not word
            or _is_quoted(folded, word.start())
            or any(start <= number < end for number in numbers)
            or any(w in folded[start : word.start()] for w in _words()["words"]["never"])
        ):
            continue
        clause = folded[start:end]
        if year is not None and any(int(other) != year for other in _YEAR.findall(_TITLE.sub("", clause))):
            continue
        names = _parts(_name(folded[start : word.start()], folded[word.end() : end]))
        due = due_of(clause)
        is_alone = len(clauses) == len(names) == 1
        for name in names[: _MOST - len(found)]:
            words = name[:_LONGEST_NAME].upper()
            found.append(Milestone(words, due or 1.0, *table[word.group()], Span(*word.span()), clause, due is not None, is_alone))
    return tuple(found)


def _is_quoted(text: str, at: int) -> bool:
    return text.rfind("“", 0, at) > text.rfind("”", 0, at) or text.rfind("《", 0, at) > text.rfind("》", 0, at)


def _name(before: str, behind: str) -> str:
    """What is to come about: the words in front of the event's word where they name something, else those behind it."""
    for words in (before, behind):
        name = "" if words.endswith("前") else _DATE.sub("", words).strip("《》“”、的在于将由 ")
        if len(core(name)) >= 2:
            return name
    return ""


def _parts(name: str) -> list[str]:
    """The things of a list, each of which is to come about; one where the name is no list, none where it is empty."""
    parts = [part for part in name.split("、") if part]
    # 花桥、窑前两片街区: the first is no name by itself.
    parts = parts if len(parts) > 1 and all(len(part) >= _LEAST_NAME for part in parts) else [name]
    return [_AND_SO_ON.sub("", part) for part in parts if len(part) >= 2]


def due_of(clause: str) -> float | None:
    """The share of the year, in (0, 1], by which a clause of a task wants something; None where it names no date."""
    month = _MONTH.search(clause)
    if month:
        number = _month(month.group(1))
        return min(1.0, number / 12) if number else None
    return next((float(share) for word, share in _words()["due"].items() if word in clause), None)


def _month(written: str) -> int:
    number = int(written) if written.isascii() else _MONTHS.get(written, 0)
    return number if number <= 12 else 0


def find_milestone_indicators(
    task: str, text: str, *, elapsed: float, targets: Sequence[Target] | None = None, year: int | None = None
) -> tuple[Indicator, ...]:
    """The milestones of the task of which the status text says something, each with its verdict.

    met where it came about; behind where it was due by now (`elapsed`, the share of the year gone by, in (0, 1]) and did not; else not_comparable.
    """
    milestones = find_milestones(task, targets=targets, year=year)
    if not milestones or not text:
        return ()
    clauses = _clauses(fold(text))
    return tuple(found for milestone in milestones if (found := _answer(milestone, clauses, elapsed=elapsed)))


def _clauses(text: str) -> list[tuple[Span, str, str]]:
    """Clauses of a text, 200 at most: span, words, and what the statement says in front."""
    clauses = []
    for statement in cut_statements(text)[:_MOST_CLAUSES]:
        for match in _CLAUSE.finditer(text, *statement):
            clauses.append((Span(*match.span()), match.group(), text[max(statement.start, match.start() - 80) : match.start()]))
    return clauses[:_MOST_CLAUSES]


def _answer(milestone: Milestone, clauses: Sequence[tuple[Span, str, str]], *, elapsed: float) -> Indicator | None:
    """What the clauses say of the milestone: it came about, it is still open, or nothing (None)."""
    name = core(milestone.name)
    best: dict[bool, tuple[float, Span]] = {}
    for span, words, before in clauses:
        score = _likeness(name, words, before)
        if milestone.is_alone:
            score = max(score, _LEAST)
        if score < _LEAST:
            continue
        done = done_in(milestone, words, elapsed=elapsed)
        place = Span(span.start + done.start, span.start + done.end) if done else span
        is_said = done or is_awaited(milestone, words) or (is_partial(milestone, words) and not _done(milestone.course, milestone.step).search(words))
        if is_said and (bool(done) not in best or score > best[bool(done)][0]):
            best[bool(done)] = score, place
    for is_done, (score, place) in sorted(best.items(), reverse=True):
        return _indicator(milestone, place, score, is_done=is_done, elapsed=elapsed)
    return None


def _likeness(name: str, words: str, before: str) -> float:
    """How surely a clause speaks of the thing, in [0, 1]."""
    own = core(words)
    in_clause = max(coverage(name, own), min(1.0, longest_common(name, own) / max(4, len(name) / 2)))
    carried = coverage(name, core(before)) if before else 0.0
    return max(in_clause, _CARRIED * carried)


def done_in(milestone: Milestone, words: str, *, elapsed: float) -> Span | None:
    """Where a clause of a status text says that the milestone came about; None where it does not, or of a part only, or for a month to come."""
    match = _done(milestone.course, milestone.step).search(words)
    if not match:
        return None
    around = words[: match.start()] + "·" + words[match.end() :]
    lists = _words()["words"]
    if is_awaited(milestone, around) or is_partial(milestone, around) or any(_month(month.group(1)) > elapsed * 12 + _BIT for month in _MONTH.finditer(words)):
        return None
    # 完成改造628户 counts what is done of it so far.
    is_count = _words()["course"][milestone.course]["name"] == "finish" and _COUNT.search(_DATE.sub("", around))
    return None if is_count and not any(word in words for word in lists["all"]) else Span(*match.span())


def is_awaited(milestone: Milestone, words: str) -> bool:
    """Whether a clause says, in words that the task has not, that something is awaited, intended or under way."""
    return any(match.group() not in milestone.clause for match in _awaited().finditer(words))


def is_partial(milestone: Milestone, words: str) -> bool:
    """Whether a clause speaks of a part of the work, or of a step towards it, that the task does not name."""
    return any(word in words and word not in milestone.clause for word in _words()["words"]["part"])


def _indicator(milestone: Milestone, span: Span, score: float, *, is_done: bool, elapsed: float) -> Indicator:
    is_due = milestone.value <= elapsed + _BIT
    verdict = "met" if is_done else "behind" if is_due else "not_comparable"
    when = f"{milestone.value * 12:.0f}月底前" if milestone.is_dated and milestone.value < 1 else "年内"
    said = "已见办成" if is_done else "未见办成" + ("" if is_due else "，未到期")
    return Indicator(
        name=milestone.name,
        kind=MILESTONE,
        target=1.0,
        target_unit="项",
        result=float(is_done),
        result_unit="项",
        ratio=float(is_done),
        expected=1.0 if is_due else None,
        verdict=verdict,
        task_span=milestone.span,
        text_span=span,
        arithmetic=f"节点（{when}）{said}",
        score=min(score, 0.99),
        light="green" if is_done else "red" if is_due else "",
    )
