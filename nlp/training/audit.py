"""Look before training: counts against thresholds, duplicates, contradictions between labels and arithmetic.

Definitions of the arithmetic are those of `corpora/GUIDE.md`; a finding is an error (training should not begin) or a warning.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nlp.config import load_toml
from nlp.labels import AT_RISK, BASES, COMPLETED, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.training.corpus import Government, LabelledItem, LabelledPair

RUN: Final = 8
_BAD_VERDICTS: Final = {"behind": "pace", "falling": "decline", "below_target": "growth"}
_AHEAD: Final = 0.10


@dataclass(frozen=True)
class Finding:
    """Something the audit found: `error` or `warning`, where (item key, or the corpus), what."""

    level: str
    where: str
    what: str


def audit(corpora: Sequence[tuple[Government, Sequence[LabelledItem]]], *, thresholds: dict[str, Any] | None = None) -> list[Finding]:
    """All findings over the corpora: item by item, then between items, then counts against `thresholds` (none checked where it is empty)."""
    thresholds = load_toml("audit.toml") if thresholds is None else thresholds
    items = [item for _, found in corpora for item in found]
    splits = {government.name: government.split for government, _ in corpora}
    findings = [finding for item in items for finding in (*check_item(item), *check_pairs(item))]
    findings += find_duplicates(items, splits=splits, most=thresholds.get("shared_runs", 0.5))
    if thresholds:
        findings += check_counts(items, thresholds=thresholds)
    return findings


def check_item(item: LabelledItem) -> Iterator[Finding]:
    """Labels of one item that contradict each other."""
    is_stated = False
    for span, status in item.statements:
        kinds = {kind for problem, kind in item.problems if problem.start < span.end and span.start < problem.end}
        is_stated |= status == AT_RISK
        if status == AT_RISK and not kinds:
            yield Finding("error", item.key, f"语句标为 at_risk 而没有问题语句：{span.of(item.text)[:30]}")
        if status != AT_RISK and kinds - {"external"}:
            yield Finding("error", item.key, f"语句标为 {status} 而有问题语句（{'、'.join(sorted(kinds))}）：{span.of(item.text)[:30]}")
    for problem, _ in item.problems:
        if not any(span.start <= problem.start and problem.end <= span.end for span, _ in item.statements):
            yield Finding("error", item.key, f"问题语句越出语句：{problem.of(item.text)[:40]}")
    if is_stated and item.status != AT_RISK:
        yield Finding("error", item.key, f"有 at_risk 的语句而全项为 {item.status}")
    if item.basis in {"stated", "decline"} and not is_stated:
        yield Finding("error", item.key, f"依据为 {item.basis} 而没有 at_risk 的语句")
    if (item.severity == 0) if item.status == AT_RISK else (item.severity > 1):
        yield Finding("error", item.key, f"状态 {item.status} 与严重程度 {item.severity} 不合")
    if item.status == NOT_STARTED and any(status in {COMPLETED, IN_PROGRESS} for _, status in item.statements):
        yield Finding("warning", item.key, "全项为 not_started 而有已做或在做的语句")
    for number in re.findall(r"\d+(?:\.\d+)?", item.gist):
        if number not in item.text:
            yield Finding("error", item.key, f"摘要里的数 {number} 不在原文")


def expected_verdicts(pair: LabelledPair, *, elapsed: float) -> frozenset[str]:
    """The verdicts that the arithmetic allows for a pair; empty for a milestone, which has none."""
    is_over = elapsed >= 1.0
    held = frozenset({"met"} if is_over else {"on_pace"})
    if pair.kind == "quantity":
        if not pair.target:
            return frozenset({"not_comparable"})
        ratio = pair.result / pair.target
        if ratio >= 1:
            return frozenset({"met"})
        # A billionth forgives the last bit of a division.
        if ratio < elapsed - 1e-9:
            return frozenset({"behind"})
        return frozenset({"on_pace"} if ratio < elapsed + _AHEAD else {"ahead"})
    if pair.kind == "growth":
        if pair.result * pair.target < 0:
            return frozenset({"falling"})
        is_reached = pair.result >= pair.target if pair.target >= 0 else pair.result <= pair.target
        return held if is_reached else frozenset({"below_target"})
    if pair.kind in {"level", "ceiling", "rank"}:
        is_reached = pair.result >= pair.target if pair.kind == "level" else pair.result <= pair.target
        return held if is_reached else frozenset({"below_target"} if is_over else {"not_comparable"})
    return frozenset()


def check_pairs(item: LabelledItem) -> Iterator[Finding]:
    """Arithmetic that contradicts a verdict, the status or the basis of the item."""
    elapsed = item.elapsed
    bases = []
    for pair in item.pairs:
        expected = expected_verdicts(pair, elapsed=elapsed)
        if expected and pair.verdict not in expected:
            yield Finding("error", item.key, f"“{pair.name}”{pair.result:g}/{pair.target:g} 在 {elapsed:g} 时应为 {'、'.join(expected)}，标为 {pair.verdict}")
        if pair.verdict in _BAD_VERDICTS:
            bases.append("pace" if pair.verdict == "below_target" and pair.kind != "growth" else _BAD_VERDICTS[pair.verdict])
    if bases and item.status != AT_RISK:
        yield Finding("error", item.key, f"有落后的指标而全项为 {item.status}")
    if bases and item.basis != "stated" and item.basis != min(bases, key=BASES.index):
        yield Finding("error", item.key, f"依据标为 {item.basis}，指标说明是 {min(bases, key=BASES.index)}")
    if item.basis in {"growth", "pace"} and item.basis not in bases:
        yield Finding("error", item.key, f"依据为 {item.basis} 而没有这样的指标")
    if item.status == COMPLETED and any(pair.verdict != "met" for pair in item.pairs):
        yield Finding("error", item.key, "全项为 completed 而有指标未达到")


def find_duplicates(items: Sequence[LabelledItem], *, splits: dict[str, str], most: float) -> Iterator[Finding]:
    """Equal texts with unlike labels, and items of different tasks that share more than `most` of their runs of eight characters."""
    tasks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        tasks[item.government, item.id] |= _runs(item.text)
    holders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, runs in tasks.items():
        for run in runs:
            holders[run].append(key)
    for item in items:
        runs = _runs(item.text)
        own = (item.government, item.id)
        shared = Counter(key for run in runs for key in holders[run] if key != own)
        for key, count in shared.most_common(1):
            if len(runs) and count / len(runs) > most:
                is_leak = splits[key[0]] != splits[item.government]
                yield Finding("error", item.key, f"与 {'/'.join(key)} 有 {count / len(runs):.0%} 的文字相同{'，且分属不同的数据划分' if is_leak else ''}")
    first: dict[tuple[str, str, str], LabelledItem] = {}
    for item in items:
        other = first.setdefault((item.task, item.text, item.period), item)
        if (other.status, other.statements) != (item.status, item.statements):
            yield Finding("error", item.key, f"与 {other.key} 文字相同而标注不同")


def _runs(text: str) -> set[str]:
    flat = "".join(text.split())
    return {flat[i : i + RUN] for i in range(len(flat) - RUN + 1)}


def count(items: Sequence[LabelledItem]) -> dict[str, Counter[str]]:
    """Items per status, basis, government and period, statements per status, problem spans per kind, pairs per verdict."""
    return {
        "status": Counter(item.status for item in items),
        "basis": Counter(item.basis for item in items if item.basis),
        "government": Counter(item.government for item in items),
        "period": Counter(item.period[4:] for item in items),
        "statement": Counter(status for item in items for _, status in item.statements),
        "problem": Counter(kind for item in items for _, kind in item.problems),
        "verdict": Counter(pair.verdict for item in items for pair in item.pairs),
        "severity": Counter(str(item.severity) for item in items),
    }


def check_counts(items: Sequence[LabelledItem], *, thresholds: dict[str, Any]) -> Iterator[Finding]:
    """Counts that fall short of a threshold, each with both figures."""
    counts = count(items)
    demands = [
        ("条目", len(items), thresholds["items"]),
        ("政府", len(counts["government"]), thresholds["governments"]),
        ("语句", counts["statement"].total(), thresholds["statements"]),
        ("问题语句", counts["problem"].total(), thresholds["problem_spans"]),
        *((f"状态 {status} 占比", counts["status"][status] / max(1, len(items)), thresholds["status_share"]) for status in STATUSES),
        *((f"依据 {basis}", counts["basis"][basis], thresholds["basis_items"]) for basis in BASES),
        *((f"语句 {status}", counts["statement"][status], thresholds["rare_statements"]) for status in (NOT_STARTED, AT_RISK)),
    ]
    for name, found, least in demands:
        if found < least:
            yield Finding("error", "全部语料", f"{name} {found:.3g}，至少应有 {least:g}")
