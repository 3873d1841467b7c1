"""Why an item stands where it does in the risk list: one Chinese sentence from its terms and its evidence, no number in it but the source's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from nlp.annotate.clauses import cut_clauses
from nlp.annotate.pace import BAD, FALLING
from nlp.labels import AT_RISK, STATUSES
from nlp.records import AnnotatedItem, Indicator, Problem
from nlp.text import Span, shorten

_LONGEST_QUOTE: Final = 40
_PLACES: Final = {0: "列入跟踪", 1: "列为关注", 2: "列为较重", 3: "列为严重"}
_WHEN: Final = ((1.0, "年终"), (0.75, "三季度已过"), (0.5, "时间过半"), (0.0, "本期末"))


def explain(item: AnnotatedItem, *, terms: Collection[str], rank: int, low_rank: str = "") -> str:
    """One sentence that ends in 。: what weighs most first, what is added to it, where it puts the item.

    Parameters
    ----------
    terms : names of the terms that apply.
    low_rank : the words of the text that give a low rank.
    """
    parts = [_main(item)]
    if "blocked" in terms:
        parts.append("未写明解决办法")
    if "words_against_figures" in terms:
        parts.append("文字未作说明" if item.basis != "stated" else "文字与数据不一致")
    if "spread" in terms and item.status == AT_RISK:
        parts.append("问题不止一处")
    if low_rank and low_rank not in _tight(parts[0]):
        parts.append(f"“{low_rank}”位次靠后")
    if "repeated" in terms:
        parts.append("内容与上期雷同")
    parts.append("居首位" if rank == 1 else _PLACES[item.severity])
    return "，".join(part for part in parts if part) + "。"


def _main(item: AnnotatedItem) -> str:
    """What decides the place."""
    if not item.item.text:
        return "未填报落实情况"
    if item.status == AT_RISK:
        return _risk(item)
    waiting = [problem for problem in item.problems if problem.kind == "external"]
    when = next(name for least, name in _WHEN if item.period.elapsed >= least)
    if item.status == "not_started":
        return f"{when}仍未启动" + (f"，“{_quote(item, waiting[0].span)}”" if waiting else "")
    if waiting:
        return f"等待外部条件：“{_quote(item, waiting[0].span)}”"
    if item.problems:
        return f"提到“{_quote(item, item.problems[0].span)}”"
    return f"{when}仍未完成" if item.period.elapsed >= 1 else ""


def _risk(item: AnnotatedItem) -> str:
    """What puts an item at risk: a figure that fell, the figure behind, the problem that it states, or the statement that reads like one."""
    bad = [indicator for indicator in item.indicators if indicator.verdict in BAD]
    falling = [indicator for indicator in bad if indicator.verdict == FALLING]
    hard = [problem for problem in item.problems if problem.kind != "external"]
    if falling:
        return _figure(item, falling[0])
    if bad and (item.basis in {"growth", "pace"} or not hard):
        return _figure(item, min(bad, key=lambda indicator: (indicator.ratio or 0.0) / (indicator.expected or 1.0)))
    if hard:
        worst = _worst(hard)
        stated = f"“{_quote(item, worst.span)}”"
        return f"{stated}，且{_figure(item, bad[0])}" if bad and not _touch(bad[0].text_span, worst.span) else stated
    if not item.statements:
        return "判为有风险"
    likeliest = max(item.statements, key=lambda statement: statement.probabilities[STATUSES.index(AT_RISK)])
    return f"疑有问题：“{_quote(item, likeliest.span)}”"


def _figure(item: AnnotatedItem, indicator: Indicator) -> str:
    """Target and result as written, and which way they differ."""
    result = _tight(indicator.text_span.of(item.item.text))
    target = _tight(indicator.task_span.of(item.item.task)) if indicator.task_span else ""
    name = _tight(indicator.name)
    late = "未达到" if item.period.elapsed >= 1 else "落后序时进度"
    if indicator.verdict == FALLING:
        is_down = indicator.result < 0
        return f"主要指标{name}{'下降' if is_down else '上升'}{result.removeprefix('下降').removeprefix('-')}，与{'增长' if is_down else '下降'}目标反向"
    if not target:
        return f"自报完成率{result}，{late}"
    if indicator.kind == "growth":
        return f"{name}增速{result}，低于目标{target}" if indicator.result >= 0 else f"{name}降幅{result}，未达目标{target}"
    return f"{name}目标{target}，现为{result}，{late if indicator.kind == 'quantity' else '未达到'}"


def _worst(problems: list[Problem]) -> Problem:
    """A thing that is blocked or late says more than a want of staff; among equals the first."""
    order = {"blocked": 0, "delay": 1, "shortfall": 2, "resources": 3, "other": 4}
    return min(problems, key=lambda problem: (order.get(problem.kind, 5), problem.span.start))


def _quote(item: AnnotatedItem, span: Span) -> str:
    """The whole clauses that hold the span, cut at a comma where they are long; inner quotation marks are made single."""
    text = item.item.text
    held = [clause.span for clause in cut_clauses(text, statements=item.statements, longest=_LONGEST_QUOTE) if _touch(clause.span, span)]
    whole = Span(held[0].start, held[-1].end) if held else span
    if whole.end - whole.start > _LONGEST_QUOTE and held:
        whole = max(held, key=lambda clause: min(clause.end, span.end) - max(clause.start, span.start))
    return shorten(_plain(whole.of(text)), longest=_LONGEST_QUOTE).replace("“", "‘").replace("”", "’")


def _tight(text: str) -> str:
    return "".join(text.split())


def _plain(text: str) -> str:
    return " ".join(text.split())


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
