"""Each check of the audit finds what it is for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nlp.config import load_toml
from nlp.text import Span
from nlp.training.audit import audit, check_counts, check_item, check_pairs, expected_verdicts
from nlp.training.corpus import Government, LabelledItem, LabelledPair

PAIR = LabelledPair("管网", "quantity", 40, 12, "on_pace", Span(4, 8), Span(4, 8))
CALM = LabelledItem(
    government="甲市",
    period="2024Q1",
    id="01",
    number="1",
    task="新建管网40公里。",
    units=("市水务集团",),
    text="建成管网12公里；设备进场。",
    status="in_progress",
    basis=None,
    severity=0,
    statements=((Span(0, 8), "in_progress"), (Span(9, 13), "completed")),
    problems=(),
    pairs=(PAIR,),
    gist="",
)
RISKY = replace(
    CALM, status="at_risk", basis="stated", severity=2, statements=((Span(0, 8), "in_progress"), (Span(9, 13), "at_risk")), problems=((Span(9, 13), "blocked"),)
)


def test_sound_items_give_no_finding() -> None:
    assert [*check_item(CALM), *check_pairs(CALM), *check_item(RISKY), *check_pairs(RISKY)] == []


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (replace(RISKY, problems=()), "没有问题语句"),
        (replace(RISKY, statements=CALM.statements), "标为 completed 而有问题语句（blocked）"),
        (replace(RISKY, problems=((Span(6, 13), "blocked"),)), "问题语句越出语句"),
        (replace(RISKY, status="in_progress", basis=None, severity=0), "有 at_risk 的语句而全项为 in_progress"),
        (replace(RISKY, severity=0), "状态 at_risk 与严重程度 0 不合"),
        (replace(CALM, severity=2), "状态 in_progress 与严重程度 2 不合"),
        (replace(CALM, status="at_risk", basis="decline", severity=3), "依据为 decline 而没有 at_risk 的语句"),
        (replace(CALM, status="not_started"), "全项为 not_started 而有已做或在做的语句"),
        (replace(CALM, gist="建成15公里"), "摘要里的数 15 不在原文"),
    ],
)
def test_contradictions_within_an_item(item: LabelledItem, what: str) -> None:
    assert what in "\n".join(finding.what for finding in check_item(item))


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (replace(CALM, pairs=(replace(PAIR, verdict="behind"),)), "12/40 在 0.25 时应为 on_pace，标为 behind"),
        (replace(CALM, pairs=(replace(PAIR, result=6, verdict="behind"),)), "有落后的指标而全项为 in_progress"),
        (replace(CALM, status="at_risk", basis="growth", severity=1, pairs=(replace(PAIR, result=6, verdict="behind"),)), "依据标为 growth，指标说明是 pace"),
        (replace(CALM, status="at_risk", basis="pace", severity=1), "依据为 pace 而没有这样的指标"),
        (replace(CALM, status="completed"), "全项为 completed 而有指标未达到"),
    ],
)
def test_arithmetic_that_contradicts_a_label(item: LabelledItem, what: str) -> None:
    assert what in "\n".join(finding.what for finding in check_pairs(item))


@pytest.mark.parametrize(
    ("kind", "target", "result", "elapsed", "expected"),
    [
        ("quantity", 1200, 213, 0.25, "behind"),
        ("quantity", 1200, 300, 0.25, "on_pace"),
        ("quantity", 1200, 480, 0.25, "ahead"),
        ("quantity", 1200, 1200, 0.25, "met"),
        ("quantity", 0, 5, 0.25, "not_comparable"),
        ("growth", 8, 2.2, 0.5, "below_target"),
        ("growth", 8, -0.7, 0.5, "falling"),
        ("growth", 8, 8, 0.5, "on_pace"),
        ("growth", -10, -12, 1.0, "met"),
        ("level", 95, 94, 0.5, "not_comparable"),
        ("level", 95, 94, 1.0, "below_target"),
        ("ceiling", 5.5, 5.4, 0.5, "on_pace"),
        ("rank", 5, 4, 1.0, "met"),
    ],
)
def test_verdicts(kind: str, target: float, result: float, elapsed: float, expected: str) -> None:
    assert expected_verdicts(replace(PAIR, kind=kind, target=target, result=result), elapsed=elapsed) == {expected}


def test_duplicates_across_splits_and_one_text_with_two_labels() -> None:
    governments = [Government(name, Path(), name, 2024, split) for name, split in (("甲市", "train"), ("乙市", "test"))]
    long = replace(CALM, text="建成管网12公里；设备进场。城北泵站的两台水泵已经试车。", pairs=())
    other = replace(long, government="乙市", status="completed")
    findings = [f.what for f in audit([(governments[0], [long]), (governments[1], [other])], thresholds={})]
    assert "与 甲市/01 有 100% 的文字相同，且分属不同的数据划分" in findings
    assert "与 甲市/2024Q1/01 文字相同而标注不同" in findings


def test_counts_are_held_against_the_thresholds() -> None:
    findings = [f.what for f in check_counts([CALM], thresholds=load_toml("audit.toml"))]
    assert "条目 1，至少应有 1400" in findings
    assert "依据 pace 0，至少应有 40" in findings
