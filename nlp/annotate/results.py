"""Results out of a status text: figures to date, and rates of completion that the text itself states."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import Final

from nlp.annotate.mentions import Mention, iterate_mentions
from nlp.annotate.quantities import PERCENT, POINTS, RANK
from nlp.annotate.targets import CEILING, GROWTH, LEVEL, QUANTITY, RANKING, Target
from nlp.config import load_toml
from nlp.text import fold, squeeze

# 完成率18.15%, 完成全年任务的5.49%, 占年度计划的三成, 为目标的102%, 任务完成过半.
_RATE_BEFORE: Final = re.compile(
    r"(?:完成率|达成率|目标完成|任务完成|完成(?:了)?(?:全年|年度|年|年初|总|省定|市定|既定|计划)?(?:目标|任务|计划|总量|总任务)?(?:任务|目标|数|量)?的?|占(?:全年|年度|年)?(?:目标|任务|计划|总)(?:任务|数|量|的)?|(?:为|达到?|是|相当于)(?:了)?(?:全年|年度|年)?(?:目标|任务|计划)(?:任务|数|量)?)[^，。；]{0,4}$"
)
_RATE_AFTER: Final = re.compile(r"^(?:的)?(?:全年|年度|年)?(?:目标|任务|计划|工程量|序时)(?!之)")
# A percentage that measures something else than the work done.
_MEASURE: Final = re.compile(r"[率占比]|比重|满意|优良|天数|较|高于|低于|提前|序时")
_OF_THE_YEAR: Final = re.compile(r"(?:全年|年度?|总|省定|市定|既定)(?:的)?(?:目标|任务|计划)|(?:目标|任务|计划)(?:任务|数|量)?的?(?:完成)?|完成率|达成率")
# A figure of last year, not one that is held against it (比去年多).
_LAST_YEAR: Final = re.compile(r"(?<![比较])(?:去年|上年)(?:同期|同一时期)[^，。；比较]{0,12}$")
# Growth and money are told apart by their scope: 制造业投资 is not 工业投资.
_MONEY: Final = frozenset({"元", "美元"})
_STAGE_REACH: Final = 10
# One of these stands in whatever `_RATE_AFTER` or `_OF_THE_YEAR` matches.
_YEARLY_WORD: Final = re.compile(r"目标|任务|计划|完成率|达成率|工程量|序时")
# No status text has so many; what is only figures is not to take long.
_MOST: Final = 1000
_RATE_NAME: Final = re.compile(r"([一-龥]{2})率(?:已?达到?|为|约|超|升至)?$")
_YEARLY: Final = re.compile(r"年度?(?:目标|任务|计划|投资|指标)|目标|任务|计划|完成率|达成率")


@dataclass(frozen=True)
class Result:
    """A figure of a status text; `is_rate` where it is a stated share of what the task wants, in percent."""

    mention: Mention
    is_rate: bool
    # 交付 for a 交付率: a rate of completion where the task asks for just that.
    rate_of: str = ""
    # A share of something, of what is not said: 棚室改造过八成.
    is_share: bool = False
    # Said of the year's work: 完成年度任务的5.49%, 完成率18.15%; not of a building that is 70% done.
    is_yearly: bool = False

    @property
    def value(self) -> float:
        """The figure in its own unit, below zero for a fall."""
        return self.mention.value


def find_results(text: str) -> tuple[Result, ...]:
    """The figures of a status text that may answer a target, in order, 1,000 at most; offsets count characters of `text`."""
    return tuple(_result(mention) for mention in itertools.islice(iterate_mentions(text), _MOST))


def may_state_a_rate(text: str) -> bool:
    """Whether a text holds a word without which no figure of it is a rate of the year's work (`Result.is_yearly`); quick to say."""
    return bool(_YEARLY_WORD.search(squeeze(fold(text))[0]))


def _result(mention: Mention) -> Result:
    if _is_rate(mention):
        return Result(mention, True, is_yearly=bool(_OF_THE_YEAR.search(mention.lead[-12:]) or _RATE_AFTER.match(mention.tail)))
    is_share = mention.quantity.kind == PERCENT and not mention.change and not _MEASURE.search(mention.lead[-8:] + mention.tail[:3])
    named = _RATE_NAME.search(mention.lead) if mention.quantity.kind == PERCENT and not mention.change else None
    word = named.group(1) if named else ""
    return Result(mention, False, "" if word in _not_completion() else word, is_share)


@functools.cache
def _not_completion() -> frozenset[str]:
    return frozenset(load_toml("mentions.toml")["rate"]["not_completion"])


def _is_rate(mention: Mention) -> bool:
    if mention.quantity.kind != PERCENT or mention.change:
        return False
    lead = mention.lead if len(mention.lead) >= 2 else mention.head
    return bool((_RATE_BEFORE.search(lead) and _YEARLY.search(lead)) or lead.endswith("完成") or _RATE_AFTER.match(mention.tail))


@functools.cache
def _not_done() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]], tuple[str, ...]]:
    """A pattern of the words under which work is not done, for each of them those that stand for it, and the words that take it back."""
    stage = load_toml("mentions.toml")["stage"]
    table = {word: (*row["words"], *row["also"]) for row in stage["not_done"] for word in row["words"]}
    return re.compile("|".join(sorted(table, key=lambda word: -len(word)))), table, tuple(stage["done"])


def is_not_done(target: Target, result: Result) -> bool:
    """Whether the figure counts what was only begun, signed or applied for, and the task does not count just that."""
    pattern, table, done = _not_done()
    own = target.mention.clause + target.mention.head
    lead, tail = result.mention.lead, result.mention.tail[:_STAGE_REACH]
    # 主体施工3栋680套: the second figure stands under the words of the first.
    if len(lead) < 2 and not any(word in tail for word in done):
        lead = (result.mention.subject or result.mention.before) + lead
    found = list(pattern.finditer(lead))
    last = found[-1] if found else None
    if last and len(lead) - last.end() <= _STAGE_REACH and not any(word in lead[last.end() :] for word in done):
        return not any(word in own for word in table[last.group()])
    first = pattern.search(tail)
    return first is not None and not any(word in own for word in table[first.group()]) and not any(word in tail for word in done)


@functools.cache
def _families() -> tuple[tuple[re.Pattern[str], dict[str, int]], ...]:
    """For each family of things that are not each other a pattern of its words, longest first, and the row of each word."""
    families = []
    for rows in load_toml("mentions.toml")["contrast"]["families"]:
        table = {word: n for n, row in enumerate(rows) for word in row}
        families.append((re.compile("|".join(sorted(table, key=lambda word: -len(word)))), table))
    return tuple(families)


def is_another(target: Target, result: Result) -> bool:
    """Whether the words at the figure name another member of the target's family: 合同外资 where the task says 实际使用外资."""
    if target.kind != GROWTH and target.mention.quantity.base not in _MONEY:
        return False
    wanted, given = target.mention.lead + target.mention.tail, result.mention.lead + result.mention.tail
    for pattern, table in _families():
        own = {table[word] for word in pattern.findall(wanted)}
        other = {table[word] for word in pattern.findall(given)}
        if own and other and not own & other:
            return True
    return False


def can_answer(target: Target, result: Result) -> bool:
    """Whether kind, unit, stage and year allow the result to be that of the target."""
    if _LAST_YEAR.search(result.mention.lead) or is_another(target, result) or (target.kind == QUANTITY and is_not_done(target, result)):
        return False
    wanted, given = target.mention.quantity, result.mention.quantity
    if target.kind == QUANTITY and (result.rate_of or result.is_share):
        return not result.rate_of or result.rate_of in target.mention.clause
    if target.kind == GROWTH:
        if wanted.kind == POINTS:
            return given.kind == POINTS and result.mention.change != 0
        return given.kind == PERCENT and not result.is_rate and (result.mention.change or result.mention.elided) != 0
    if target.kind == RANKING:
        return given.kind == RANK
    if target.kind in {LEVEL, CEILING} and wanted.kind == PERCENT:
        is_rise = target.mention.change != 0
        return given.kind == PERCENT and not result.is_rate and (result.mention.change != 0) == is_rise
    if target.kind in {QUANTITY, LEVEL, CEILING}:
        if target.kind == QUANTITY and result.is_rate:
            return True
        return given.kind == wanted.kind and (given.base == wanted.base or {given.base, wanted.base} <= _COUNTED)
    return False


def in_target_units(target: Target, result: Result) -> float:
    """The result in the unit of the target, a fall below zero; a stated rate as its share of the target."""
    if target.kind == GROWTH and not result.mention.change:
        return result.mention.quantity.low * (result.mention.elided or 1)
    if (result.is_rate or result.rate_of or result.is_share) and target.kind == QUANTITY:
        return result.mention.quantity.low / 100 * target.value
    wanted, given = target.mention.quantity, result.mention.quantity
    return result.value if given.base != wanted.base or given.factor == wanted.factor else result.value * given.factor / wanted.factor


# Offices count people now by heads and now by times, things now by pieces and now by batches.
_COUNTED: Final = frozenset({"个", "人", "户", "人次"})
