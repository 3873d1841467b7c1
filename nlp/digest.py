"""Rows of one report -> a digest: passages of plain official Chinese for the brief and the page, from the item and risk rows alone.

Every number in a passage is a count made here or stands in the rows that it cites; what stands in “ ” is quoted from them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nlp.labels import AT_RISK, COMPLETED, IN_PROGRESS, NOT_STARTED, PROBLEM_KINDS, PROBLEM_NAMES, STATUS_NAMES, STATUSES
from nlp.text import shorten

Row = Mapping[str, Any]
OVERVIEW: Final = "总体情况"
DONE: Final = "进展成效"
MOVING: Final = "正在推进"
RISKS: Final = "主要风险"
CAUSES: Final = "原因分析"
UNITS: Final = "责任单位"
HEADINGS: Final = (OVERVIEW, DONE, MOVING, RISKS, CAUSES, UNITS)
# So many rows are quoted in a passage.
MOST_DONE: Final = 6
MOST_MOVING: Final = 6
MOST_RISKS: Final = 10
MOST_UNITS: Final = 8
# A unit with fewer tasks has a count and no share: one of two is not 50%.
LEAST_FOR_SHARE: Final = 10
_SERIOUS: Final = 2
_TASK: Final = 28
_CAUSE: Final = 44
_FIGURE: Final = re.compile(r"\d")
_CLAUSE_END: Final = re.compile("[，,；;。！？：:\n]")
_BARE: Final = re.compile("同比|环比|较|比|[上下]降|下滑|减少|增长|[0-9%]")


@dataclass(frozen=True)
class Passage:
    """A passage of the digest: heading, text (one paragraph), and the 序号 of the rows that it cites, in the order cited."""

    heading: str
    text: str
    numbers: tuple[str, ...] = ()


def digest(items: Sequence[Row], risks: Sequence[Row]) -> tuple[Passage, ...]:
    """The passages of one report in the order of `HEADINGS`, each of them even where it has little to say.

    Parameters
    ----------
    items, risks : rows with the keys of `items.jsonl` and `risks.jsonl`, the risks in order of rank.
    """
    serious = [row for row in risks if row["severity"] >= _SERIOUS]
    return (
        Passage(OVERVIEW, _overview(items, serious)),
        _listed(DONE, _best(items, COMPLETED, MOST_DONE), total=_count(items, COMPLETED), lead="已完成{n}项", none="本期尚无事项全部完成。"),
        _listed(MOVING, _best(items, IN_PROGRESS, MOST_MOVING), total=_count(items, IN_PROGRESS), lead="正在推进{n}项", none="本期没有正在推进的事项。"),
        _risks(serious, risks),
        _causes(items),
        _units(items),
    )


def _count(items: Sequence[Row], status: str) -> int:
    return sum(row["status"] == status for row in items)


def _overview(items: Sequence[Row], serious: Sequence[Row]) -> str:
    if not items:
        return "本期报告没有列入督查的事项。"
    total = len(items)
    parts = [f"{STATUS_NAMES[status]}{count}项{_share(count, total)}" for status in STATUSES if (count := _count(items, status))]
    text = f"本期共督查事项{total}项，其中" + "，".join(parts) + "。"
    marked = [(f"风险程度较重以上的{len(serious)}项", serious)]
    silent = [row for row in items if not row["text"].strip()]
    against = [row for row in items if row["words_against_figures"]]
    review = [row for row in items if row["needs_review"]]
    marked += [(f"未填报落实情况的{len(silent)}项", silent), (f"文字与数据不一致的{len(against)}项", against)]
    said = [words for words, rows in marked if rows]
    if said:
        text += "、".join(said) + "。"
    return text + (f"判读把握不足、需人工复核的{len(review)}项。" if review else "")


def _share(count: int, total: int) -> str:
    return f"（占{count / total * 100:.1f}%）" if total >= LEAST_FOR_SHARE else ""


def _best(items: Sequence[Row], status: str, most: int) -> list[Row]:
    """Rows of a status that are sure, free of problems and have a summary; those with a figure and with greater confidence first."""
    fit = [row for row in items if row["status"] == status and row["summary"] and not row["needs_review"] and not row["problems"]]
    fit.sort(key=lambda row: (not _FIGURE.search(row["summary"]), -round(row["confidence"], 2)))
    # One row a unit first, so that no unit fills the passage.
    first: list[Row] = []
    others: list[Row] = []
    seen: set[str] = set()
    for row in fit:
        (others if _lead(row) in seen else first).append(row)
        seen.add(_lead(row))
    return [*first, *others][:most]


def _listed(heading: str, rows: Sequence[Row], *, total: int, lead: str, none: str) -> Passage:
    if not total:
        return Passage(heading, none)
    begun = lead.format(n=total)
    if not rows:
        return Passage(heading, begun + "。")
    entries = [f"{_lead(row)}“{_quote(row['task'], longest=_TASK)}”：“{_quote(row['summary'])}”" for row in rows]
    return Passage(heading, f"{begun}。" + "；".join(entries) + "。", _numbers(rows))


def _risks(serious: Sequence[Row], risks: Sequence[Row]) -> Passage:
    rows = (serious or risks)[:MOST_RISKS]
    if not rows:
        return Passage(RISKS, "本期未发现需要督办的事项。")
    lead = f"风险程度较重以上的{len(serious)}项，" if serious else f"未见程度较重的风险，列入关注和跟踪的{len(risks)}项，"
    shown = f"列前{len(rows)}项如下。" if len(rows) < len(serious or risks) else "如下。"
    entries = [f"{n}.{_lead(row)}“{_quote(row['task'], longest=_TASK)}”：{row['why']}" for n, row in enumerate(rows, start=1)]
    return Passage(RISKS, lead + shown + "".join(entries), _numbers(rows))


def _causes(items: Sequence[Row]) -> Passage:
    """Problem kinds by the number of items that state them, each with its best example; then what rests on figures alone."""
    risky = [row for row in items if row["status"] == AT_RISK]
    holders = {kind: [row for row in items if any(problem["kind"] == kind for problem in row["problems"])] for kind in PROBLEM_KINDS}
    order = sorted((kind for kind in PROBLEM_KINDS if holders[kind]), key=lambda kind: (-len(holders[kind]), PROBLEM_KINDS.index(kind)))
    cited: list[Row] = []
    entries = []
    for kind in order:
        row = max(holders[kind], key=lambda row: (row["severity"], row["risk"]["score"]))
        worst = max((p for p in row["problems"] if p["kind"] == kind), key=lambda p: (p["score"], len(p["text"])))
        entries.append(f"{PROBLEM_NAMES[kind]}{len(holders[kind])}项，如{_lead(row)}“{_quote(_with_subject(row['text'], worst))}”")
        cited.append(row)
    silent = [row for row in risky if not row["problems"]]
    text = "从所报问题看，" + "；".join(entries) + "。" if entries else ""
    if silent:
        text += f"另有{len(silent)}项文字未提问题，由目标与结果对照得出。" if entries else f"{len(silent)}项文字未提问题，由目标与结果对照得出。"
    return Passage(CAUSES, text or "本期文字中未见问题语句。", _numbers(cited))


def _units(items: Sequence[Row]) -> Passage:
    """Lead units with most items at risk, as counts; a share only where a unit has ten items and more."""
    totals = Counter(_lead(row) for row in items if _lead(row))
    bad = Counter(_lead(row) for row in items if _lead(row) and row["status"] == AT_RISK)
    late = Counter(_lead(row) for row in items if _lead(row) and row["status"] == NOT_STARTED)
    order = sorted(bad, key=lambda unit: (-bad[unit], -late[unit], list(totals).index(unit)))[:MOST_UNITS]
    if not order:
        return Passage(UNITS, "各牵头单位均无判为有风险的事项。")
    entries = []
    for unit in order:
        share = f"（占{bad[unit] / totals[unit] * 100:.1f}%）" if totals[unit] >= LEAST_FOR_SHARE else ""
        waiting = f"，另有未启动{late[unit]}项" if late[unit] else ""
        entries.append(f"{unit}牵头{totals[unit]}项，有风险{bad[unit]}项{share}{waiting}")
    rest = len(bad) - len(order)
    text = "按牵头单位统计，" + "；".join(entries) + (f"；其余{rest}个单位各有{_span(bad, order)}项有风险" if rest else "") + "。"
    return Passage(UNITS, text, _numbers(row for unit in order for row in items if row["status"] == AT_RISK and _lead(row) == unit))


def _span(bad: Mapping[str, int], order: Sequence[str]) -> str:
    """Least and greatest count of the units that are not named."""
    counts = [count for unit, count in bad.items() if unit not in order]
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)}至{max(counts)}"


def _with_subject(text: str, problem: Mapping[str, Any]) -> str:
    """The words of a problem from the head of their clause on; from that of the clause before where they only say how a figure moved."""
    heads = [0, *(match.end() for match in _CLAUSE_END.finditer(text))]
    before = [head for head in heads if head <= problem["start"]]
    stated = text[before[-1] : problem["end"]].strip()
    is_bare = _BARE.match(stated) and len(before) > 1 and text[before[-1] - 1] in "，,"
    whole = text[before[-2] : problem["end"]].strip() if is_bare else stated
    return whole if len(whole) <= _CAUSE else problem["text"].lstrip("%，,、；：的 ")


def _lead(row: Row) -> str:
    """The lead unit; empty where the row names none."""
    return str(row["units"][0]) if row["units"] else ""


def _numbers(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row["number"]) for row in rows))


def _quote(text: str, *, longest: int | None = None) -> str:
    """A quote without its final mark, cut at a mark where it is too long; inner quotation marks are made single."""
    stated = " ".join(text.split()).rstrip("。；，、")
    return (stated if longest is None else shorten(stated, longest=longest)).replace("“", "‘").replace("”", "’")
