"""Events that a task wants without a number: the examples of the file, dates, and that they inform and decide nothing."""

from __future__ import annotations

import time

import pytest

from nlp.annotate.milestones import due_of, find_milestone_indicators, find_milestones
from nlp.annotate.pace import find_indicators, severity_of
from nlp.annotate.verdict import settle
from nlp.config import load_toml

EXAMPLES = [example for course in load_toml("milestones.toml")["course"] for example in course["examples"]]


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e['task']}{e['text']}" for e in EXAMPLES])
def test_the_examples_of_the_file(example: dict[str, str | float]) -> None:
    found = find_milestone_indicators(str(example["task"]), str(example["text"]), elapsed=float(example["elapsed"]))
    assert [indicator.verdict for indicator in found] == ([] if example["verdict"] == "none" else [example["verdict"]])


def test_every_course_has_an_example_of_each_verdict_that_it_can_have() -> None:
    for course in load_toml("milestones.toml")["course"]:
        assert {"met", "not_comparable"} <= {example["verdict"] for example in course["examples"]}
        assert all(step["asked"] and step["done"] for step in course["steps"])


DATES = [("6月底前建成", 0.5), ("上半年建成", 0.5), ("十月完工", 10 / 12), ("年内竣工", 1.0), ("春节前发放", 0.17), ("建成文化馆", None), ("13月建成", None)]


@pytest.mark.parametrize(("clause", "share"), DATES)
def test_by_when(clause: str, share: float | None) -> None:
    assert due_of(clause) == share


def test_a_milestone_has_a_name_a_date_and_a_place_in_the_task() -> None:
    task = "新建公园30个，9月底前河东文化馆建成投用，出台《停车管理办法》。"
    hall, rules = find_milestones(task)
    assert (hall.name, hall.value, hall.comparator, hall.kind, hall.span.of(task)) == ("河东文化馆", 0.75, "<=", "milestone", "建成投用")
    assert (rules.name, rules.value, rules.is_dated) == ("停车管理办法", 1.0, False)


def test_each_thing_of_a_list_is_a_milestone_of_its_own() -> None:
    task, text = "建成河东文化馆、南湖图书馆等项目。", "河东文化馆6月建成。南湖图书馆主体施工到三层。"
    assert [milestone.name for milestone in find_milestones(task)] == ["河东文化馆", "南湖图书馆"]
    assert [(i.name, i.verdict) for i in find_milestone_indicators(task, text, elapsed=0.5)] == [("河东文化馆", "met"), ("南湖图书馆", "not_comparable")]
    assert [milestone.name for milestone in find_milestones("编制完成花桥、窑前两片街区规划。")] == ["花桥、窑前两片街区规划"]


def test_what_is_no_milestone() -> None:
    for task in ("新建公园30个。", "加快河东文化馆建成。", "推行“拿地即开工”。", "建成。", ""):
        assert find_milestones(task) == ()


def test_the_date_that_has_passed_is_shown_and_decides_nothing() -> None:
    task, text = "上半年建成河东文化馆。", "河东文化馆主体施工到四层。"
    found = find_indicators(task, text, elapsed=0.75)
    assert [(i.kind, i.verdict, i.light, i.arithmetic) for i in found] == [("milestone", "behind", "red", "节点（6月底前）未见办成")]
    assert severity_of(found) == 0
    settled = settle(task, status="in_progress", basis=None, statements=(), problems=(), indicators=found, elapsed=0.75)
    assert (settled.status, settled.basis, settled.words_against_figures) == ("in_progress", None, False)


def test_a_month_to_come_is_a_plan() -> None:
    assert find_milestone_indicators("建成河东文化馆。", "河东文化馆10月建成。", elapsed=0.5) == ()
    (found,) = find_milestone_indicators("建成河东文化馆。", "河东文化馆10月建成。", elapsed=1.0)
    assert found.verdict == "met"


def test_a_milestone_of_another_year_is_left_out() -> None:
    for task, years in (("2025年建成河东文化馆。", {2025}), ("2023—2025年建成河东文化馆。", set()), ("建成《2025年规划》展厅。", {2023, 2025})):
        assert {year for year in (2023, 2025) if find_milestones(task, year=year)} == years
        assert find_milestones(task)


def test_long_texts_take_no_long_time() -> None:
    started = time.process_time()
    for text in ("建成河东文化馆，" * 12_500, "建" * 100_000, "6月底前" * 25_000, "“建成" * 30_000):
        find_milestone_indicators(text, text, elapsed=0.5)
    assert time.process_time() - started < 10
