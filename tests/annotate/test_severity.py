"""Severity from what the text states; the word lists hold what they say they hold."""

from __future__ import annotations

import pytest

from nlp.annotate.severity import has_way_forward, judge_severity, load_words
from nlp.config import load_toml
from nlp.records import Problem
from nlp.text import Span, fold, squeeze


def severity(text: str, kind: str, *, task: str = "推进安置房建设。", status: str = "at_risk") -> int:
    return judge_severity(text, task=task, status=status, problems=[Problem(Span(0, len(text)), kind, 1.0)])


@pytest.mark.parametrize("name", load_toml("severity.toml"))
def test_examples_of_the_word_lists(name: str) -> None:
    part = load_toml("severity.toml")[name]
    pattern = load_words()[name]
    assert [text for text in part["examples"] if not pattern.search(squeeze(fold(text))[0])] == []
    assert [text for text in part["counterexamples"] if pattern.search(squeeze(fold(text))[0])] == []


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("推进速度严重滞后", "delay", 3),
        ("二号楼因资方撤出停工", "blocked", 2),
        ("个别企业资金投入不足", "resources", 1),
        ("个别企业用地没有批下来", "blocked", 2),
        ("施工进度慢于计划", "delay", 2),
    ],
)
def test_words_decide(text: str, kind: str, expected: int) -> None:
    assert severity(text, kind) == expected


def test_a_fall_weighs_only_where_it_is_the_tasks_own_figure() -> None:
    text = "进出口总额同比下降5.2%"
    assert severity(text, "shortfall", task="进出口总额增长8%。") == 3
    assert severity(text, "shortfall", task="建设海外仓3个。") == 2


def test_a_rise_is_a_setback_only_where_less_is_wanted() -> None:
    text = "电诈发案数同比上升6.2%"
    assert severity(text, "shortfall", task="电诈发案数下降8%。") == 3
    assert severity(text, "shortfall", task="办好电诈发案数统计。") == 2


def test_waiting_alone_is_watched() -> None:
    assert severity("待省文件出台", "external", status="in_progress") == 1
    assert judge_severity("在建", task="", status="in_progress", problems=[]) == 0


def test_way_forward() -> None:
    assert has_way_forward("正与铁路部门对接")
    assert not has_way_forward("许可没有批下来")
