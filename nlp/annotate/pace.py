"""Targets against results: the verdict on a pair under a yardstick, its arithmetic in one line, and how bad the worst pair is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nlp.annotate.milestones import find_milestone_indicators
from nlp.annotate.pairs import Pair, match
from nlp.annotate.results import Result, find_results, may_state_a_rate
from nlp.annotate.targets import CEILING, GROWTH, LEVEL, MILESTONE, QUANTITY, RANKING, find_targets, name_of
from nlp.annotate.yardstick import Yardstick, load_yardstick
from nlp.records import Indicator
from nlp.text import number

MET: Final = "met"
AHEAD: Final = "ahead"
ON_PACE: Final = "on_pace"
BEHIND: Final = "behind"
FALLING: Final = "falling"
BELOW: Final = "below_target"
NOT_COMPARABLE: Final = "not_comparable"
BAD: Final = frozenset({BEHIND, FALLING, BELOW})
# A billionth forgives the last bit of a division.
_BIT: Final = 1e-9
_NEAR: Final = 24
_SLIGHT: Final = 0.8
_CRITICAL: Final = 0.33


class Verdict(NamedTuple):
    """A verdict of `labels.VERDICTS`; `ratio` of the target reached, `expected` of it by now (both None where nothing is to be compared)."""

    verdict: str
    ratio: float | None
    expected: float | None
    arithmetic: str


def find_indicators(task: str, text: str, *, elapsed: float, yardstick: Yardstick | None = None, year: int | None = None) -> tuple[Indicator, ...]:
    """Every target of the task that the status text answers, with its verdict: in the order of the task those with a number, then milestones.

    Parameters
    ----------
    elapsed : share of the year gone by, in (0, 1].
    yardstick : the guide's where none is given.
    year : of the report; a milestone of another year is left out.
    """
    stick = yardstick or load_yardstick()
    targets = find_targets(task)
    # Where the task has no figure, those of the text say something only as rates of the year's work.
    results = find_results(text) if targets or may_state_a_rate(text) else ()
    pairs = match(targets, results, elapsed=elapsed) if results else ()
    indicators = [_indicator(pair, elapsed=elapsed, yardstick=stick) for pair in pairs]
    stated = [_stated(result, elapsed=elapsed, yardstick=stick) for result in _lone_rates(task, results, pairs)]
    return (*indicators, *stated, *find_milestone_indicators(task, text, elapsed=elapsed, targets=targets, year=year))


def _lone_rates(task: str, results: Sequence[Result], pairs: Sequence[Pair]) -> list[Result]:
    """Rates of completion of the year's work that the text states for a quantity of which the task names no number."""
    paired = [pair.found.mention for pair in pairs]
    lone = []
    for result in results:
        mention = result.mention
        # A rate behind a paired figure says the same again.
        is_told = any(other.first == mention.first and other.order in {mention.order, mention.order - 1} for other in paired)
        is_money = "投资" in mention.before[-_NEAR:] and "投资" not in task
        if result.is_rate and result.is_yearly and not is_told and not is_money:
            lone.append(result)
    return lone


def _stated(result: Result, *, elapsed: float, yardstick: Yardstick) -> Indicator:
    """A stated rate as an indicator of its own: 100% is the target, no words of the task belong to it."""
    mention = result.mention
    name = name_of(mention) if not mention.subject else mention.subject[-_NEAR:]
    verdict = judge(QUANTITY, target=100.0, result=mention.quantity.low, unit="%", elapsed=elapsed, yardstick=yardstick, words=name + mention.clause)
    line = f"自报完成率 {number(mention.quantity.low)}%" + (f"，应达 {share(verdict.expected)}" if verdict.expected is not None else "")
    part = reached(QUANTITY, verdict=verdict)
    return Indicator(
        name=name,
        kind=QUANTITY,
        target=100.0,
        target_unit="%",
        result=mention.quantity.low,
        result_unit="%",
        ratio=verdict.ratio,
        expected=verdict.expected,
        verdict=verdict.verdict,
        task_span=None,
        text_span=mention.span,
        arithmetic=line,
        light="" if part is None else yardstick.light(part),
    )


def _indicator(pair: Pair, *, elapsed: float, yardstick: Yardstick) -> Indicator:
    target, mention = pair.target, pair.found.mention
    words = target.name + target.mention.clause
    verdict = judge(target.kind, target=target.value, result=pair.result, unit=target.unit, elapsed=elapsed, yardstick=yardstick, words=words)
    part = reached(target.kind, verdict=verdict)
    return Indicator(
        name=target.name,
        kind=target.kind,
        target=target.value,
        target_unit=target.unit,
        result=pair.found.value,
        result_unit=mention.quantity.unit,
        ratio=verdict.ratio,
        expected=verdict.expected,
        verdict=verdict.verdict,
        task_span=target.span,
        text_span=mention.span,
        arithmetic=verdict.arithmetic,
        score=pair.score,
        light="" if part is None else yardstick.light(part),
    )


def judge(kind: str, *, target: float, result: float, elapsed: float, yardstick: Yardstick, unit: str = "", words: str = "") -> Verdict:
    """The verdict on a result under a target of `kind`, both in one unit, a fall below zero.

    Parameters
    ----------
    words : name and clause of the target, which curves and exemptions are chosen by.
    """
    is_over = elapsed >= 1.0
    held = MET if is_over else ON_PACE
    ratio = result / target if target else None
    exemption = yardstick.exemption(words, elapsed=elapsed)
    if exemption:
        return Verdict(NOT_COMPARABLE, ratio, None, f"{_figures(kind, target, result, unit, ratio)}，{exemption.reason}")
    if kind == QUANTITY:
        return _judge_quantity(target, result, unit, elapsed=elapsed, yardstick=yardstick, words=words)
    if kind == GROWTH:
        is_reached = result >= target - _BIT if target >= 0 else result <= target + _BIT
        verdict = FALLING if result * target < 0 else held if is_reached else BELOW
        gap = "" if is_reached or verdict == FALLING else f"，差 {number(abs(target - result))} 个百分点"
        return Verdict(verdict, ratio, 1.0, f"{_change(result)}，目标{_change(target)}{gap}")
    if kind in {LEVEL, CEILING, RANKING}:
        is_reached = result >= target - _BIT if kind == LEVEL else result <= target + _BIT
        verdict = held if is_reached else BELOW if is_over else NOT_COMPARABLE
        note = "，达到" if is_reached else "，未达到" if is_over else "，年终前不比"
        return Verdict(verdict, ratio, 1.0 if is_over else None, _figures(kind, target, result, unit, ratio) + note)
    return Verdict(NOT_COMPARABLE, None, None, "")


def _judge_quantity(target: float, result: float, unit: str, *, elapsed: float, yardstick: Yardstick, words: str) -> Verdict:
    if not target:
        return Verdict(NOT_COMPARABLE, None, None, f"目标为 0，完成 {number(result)}{unit}，无法比较")
    ratio = result / target
    expected = yardstick.expected(words, elapsed=elapsed)
    line = f"{_figures(QUANTITY, target, result, unit, ratio)}，应达 {share(expected)}"
    if ratio >= 1 - _BIT:
        verdict = MET
    elif ratio < expected - yardstick.tolerance - _BIT:
        verdict = BEHIND
    else:
        verdict = AHEAD if ratio >= expected + yardstick.ahead else ON_PACE
    return Verdict(verdict, ratio, expected, line)


def _figures(kind: str, target: float, result: float, unit: str, ratio: float | None) -> str:
    if kind == QUANTITY and ratio is not None:
        return f"{number(result)} / {number(target)}{unit} = {share(ratio)}"
    mark = {LEVEL: "≥", CEILING: "≤", RANKING: "≤"}.get(kind, "")
    return f"{number(result)}{unit}，目标{mark}{number(target)}{unit}"


def _change(value: float) -> str:
    return f"{'下降' if value < 0 else '增长'} {number(abs(value))}%"


def share(value: float) -> str:
    """A share as a percentage with one decimal, none where it is whole."""
    return f"{value * 100:.1f}".removesuffix(".0") + "%"


def reached(kind: str, *, verdict: Verdict) -> float | None:
    """What was reached of what was expected, 1 = just enough; None where nothing is to be compared, 0 for a figure that moved the wrong way."""
    if verdict.verdict == FALLING:
        return 0.0
    if verdict.ratio is None or verdict.expected is None:
        return None
    if kind in {CEILING, RANKING}:
        return 1 / verdict.ratio if verdict.ratio > 0 else None
    return verdict.ratio / verdict.expected if verdict.expected else None


def severity_of(indicators: Sequence[Indicator]) -> int:
    """Severity by the guide, 0 to 3: 3 for a figure that fell or less than a third of what was expected, 1 from 80% up, else 2; 0 where none is bad.

    Milestones do not count.
    """
    worst = 0
    for indicator in indicators:
        if indicator.verdict in BAD and indicator.kind != MILESTONE:
            figures = Verdict(indicator.verdict, indicator.ratio, indicator.expected, "")
            part = reached(indicator.kind, verdict=figures)
            worst = max(worst, 2 if part is None else 3 if part <= _CRITICAL else 1 if part >= _SLIGHT - _BIT else 2)
    return worst
