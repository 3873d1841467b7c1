"""Numeric targets out of the wording of a task: what is to be reached, how much of it, and of which kind it is."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import Any, Final

from nlp.annotate.mentions import Mention, iterate_mentions
from nlp.annotate.quantities import AMOUNT, PERCENT, POINTS, RANK
from nlp.config import load_toml
from nlp.text import Span

_CEILING: Final = re.compile(r"控制在|不超过|不高于|不大于|不多于|(?<!不)低于|(?<!不)小于|压减[到至]|压降[到至]|[降减]低?[到至]|缩短[到至]|压缩[到至]|以内")
_GROWTH_BEHIND: Final = re.compile(r"(?:以上|左右)?的?(?:增长|增速|增幅)")
_THRESHOLD: Final = re.compile(r"[0-9]{0,6}[十百千万亿]{1,3}(?:千瓦|美元|元|亩|吨)以上")
_MARKS: Final = "·、，,。；：（）()% "
_MOST: Final = 40
_LONGEST_NAME: Final = 24
_LONGEST_ENDING: Final = 12
QUANTITY: Final = "quantity"
GROWTH: Final = "growth"
LEVEL: Final = "level"
CEILING: Final = "ceiling"
RANKING: Final = "rank"
# An event without a number; see `milestones.py`.
MILESTONE: Final = "milestone"


@dataclass(frozen=True)
class Target:
    """A numeric target of a task.

    `kind` is quantity (adds up from zero), growth, level (to hold or reach), ceiling (not to pass) or rank; `value` in `unit`, a fall below zero.
    `comparator` is >=, <= or ~ (about). `span` counts characters of the task, `mention` holds the words round it.
    """

    name: str
    value: float
    unit: str
    kind: str
    comparator: str
    span: Span
    mention: Mention


@functools.cache
def _kinds() -> dict[str, Any]:
    kinds: dict[str, Any] = load_toml("mentions.toml")["kind"]
    return kinds


@functools.cache
def _fillers() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Verbs and fillers at the head and at the end of a name."""
    words = load_toml("mentions.toml")["name"]
    head, end = ("|".join(sorted(words[key], key=lambda word: -len(word))) for key in ("head", "end"))
    return re.compile(f"(?:{head}|[{_MARKS}]){{1,12}}"), re.compile(f"(?:{end}|[{_MARKS}]){{1,12}}$")


def find_targets(task: str) -> tuple[Target, ...]:
    """The numeric targets of a task in order, 40 at most; offsets count characters of `task`. Figures in brackets describe, they are no targets."""
    mentions = (mention for mention in iterate_mentions(task) if not mention.is_in_brackets)
    return tuple(_target(mention) for mention in itertools.islice(mentions, _MOST))


def _target(mention: Mention) -> Target:
    kind = judge_kind(mention)
    value = mention.value if kind == GROWTH else mention.quantity.low
    is_least = kind in {CEILING, RANKING} or (kind == GROWTH and value < 0)
    comparator = "<=" if is_least else "~" if mention.quantity.bound == "about" else ">="
    return Target(name_of(mention), value, mention.quantity.unit, kind, comparator, mention.span, mention)


def judge_kind(mention: Mention) -> str:
    """The kind of target that a figure of a task is."""
    quantity = mention.quantity
    if quantity.kind == RANK:
        return RANKING
    is_rate = quantity.kind in {PERCENT, POINTS} or quantity.unit == "倍"
    words = mention.head + mention.lead
    if is_rate and (mention.change or _GROWTH_BEHIND.match(mention.tail)):
        # 涨幅控制在3%以内 is a rise that must not be passed.
        return CEILING if quantity.bound == "most" and mention.change > 0 else GROWTH
    if quantity.bound == "most" or _CEILING.search(mention.lead):
        return CEILING if is_rate or quantity.kind == AMOUNT else QUANTITY
    if is_rate:
        return LEVEL
    # 粮食播种面积稳定在…，总产量达到…: the harvest is one figure a year, not a sum to date.
    is_harvest = "总产" in mention.lead and "粮食" in mention.statement
    return LEVEL if is_harvest or any(word in words for word in _kinds()["level_names"]) else QUANTITY


def name_of(mention: Mention) -> str:
    """What the figure counts, in the words of the text without verbs and fillers at either end; the clause where they say nothing."""
    head, end = _fillers()
    threshold = _THRESHOLD.search(mention.lead)
    if threshold:
        rest = mention.lead[threshold.end() :] + mention.tail
        last = end.search(rest[-_LONGEST_ENDING:])
        return (threshold.group() + (rest[: len(rest) - len(last.group())] if last else rest))[:_LONGEST_NAME].upper()
    for words in (mention.lead if len(mention.lead) > 3 else "", mention.lead + mention.tail, mention.head, mention.clause):
        first = head.match(words)
        name = words[first.end() if first else 0 :]
        last = end.search(name[-_LONGEST_ENDING:])
        name = name[: len(name) - len(last.group())] if last else name
        if len(name) >= 2:
            # Letters were folded: PM2.5, GDP, 5G.
            return name[:_LONGEST_NAME].upper()
    return (mention.lead or mention.tail or mention.clause)[:_LONGEST_NAME].upper()
