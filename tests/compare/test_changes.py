"""What becomes of a task: one line a case."""

from __future__ import annotations

import pytest

from nlp import labels
from nlp.compare.changes import compare, find_change, pair_figures, repeated, worst_first
from nlp.compare.match import Pair
from nlp.compare.rows import Row
from tests.compare.rows import figure, quarter, row

TASK = "新建公园100个。"


def change(older: Row, newer: Row, *, is_same_year: bool = True):
    return find_change(Pair(older, newer, 1.0), is_same_year=is_same_year)


@pytest.mark.parametrize(
    ("older", "newer", "names"),
    [
        ("completed", "completed", "unchanged"),
        ("completed", "in_progress", "worse"),
        ("completed", "not_started", "worse"),
        ("completed", "at_risk", "worse"),
        ("in_progress", "completed", "newly_completed"),
        ("in_progress", "in_progress", "unchanged"),
        ("in_progress", "not_started", "worse"),
        ("in_progress", "at_risk", "worse"),
        ("not_started", "completed", "newly_completed"),
        ("not_started", "in_progress", "moved"),
        ("not_started", "not_started", "unchanged"),
        ("not_started", "at_risk", "worse"),
        ("at_risk", "completed", "recovered newly_completed"),
        ("at_risk", "in_progress", "recovered"),
        ("at_risk", "not_started", "unchanged"),
        ("at_risk", "at_risk", "unchanged"),
    ],
)
def test_all_sixteen_steps_of_status(older: str, newer: str, names: str) -> None:
    found = change(row(TASK, "正在选址。", status=older), row(TASK, "图纸送审，施工单位进场。", status=newer))
    assert found.names == tuple(names.split())
    assert found.evidence


@pytest.mark.parametrize(
    ("older", "newer", "names", "evidence"),
    [
        ((8, "建成8个。"), (22, "累计建成22个。"), "moved", "新建公园 8个→22个"),
        ((22, "建成22个。"), (22, "有序开展，累计建成22个。"), "stalled", "结果未变：新建公园 22个→22个"),
        ((22, "建成22个。"), (15, "核减后建成15个。"), "fell_back", "累计数回落：新建公园 22个→15个"),
        ((22, "建成22个，正在铺装园路和种植苗木。"), (22, "建成22个，正在铺装园路和种植苗木。"), "stalled repeated", "一字不差"),
        ((22, "截至3月底，建成22个，正在铺装园路。"), (22, "截至6月底，建成22个，正在铺装园路。"), "stalled repeated", "与上期相同"),
        ((8, "截至3月底，建成8个，正在铺装园路。"), (22, "截至6月底，建成22个，正在铺装园路。"), "moved", "8个→22个"),
    ],
)
def test_figures_and_words(older: tuple[float, str], newer: tuple[float, str], names: str, evidence: str) -> None:
    found = change(row(TASK, older[1], figures=(figure(older[0]),)), row(TASK, newer[1], figures=(figure(newer[0]),)))
    assert found.names == tuple(names.split())
    assert evidence in found.evidence


@pytest.mark.parametrize(
    ("older", "newer", "names"),
    [
        ("开工建设。图纸送审。", "图纸送审。", "stalled"),
        ("开工建设。", "", "stalled"),
        ("开工建设。", "开工建设。园路已铺完。", "moved"),
        ("园路已铺完。", "园路已铺完。苗木开始种植。", "unchanged"),
        ("", "图纸送审。", "unchanged"),
    ],
)
def test_words_alone(older: str, newer: str, names: str) -> None:
    assert change(row(TASK, older), row(TASK, newer)).names == tuple(names.split())


@pytest.mark.parametrize(("older", "newer", "status", "names"), [(1, 3, "at_risk", "worse"), (3, 1, "at_risk", "recovered"), (0, 1, "in_progress", "worse")])
def test_severity(older: int, newer: int, status: str, names: str) -> None:
    found = change(row(TASK, "甲。", status=status, severity=older), row(TASK, "乙丙丁。", status=status, severity=newer))
    assert found.names == (names,)
    assert "严重程度" in found.evidence


def test_cumulative_figures_begin_anew_with_the_year() -> None:
    older, newer = row(TASK, "建成90个。", figures=(figure(90),)), row(TASK, "今年起建成15个。", figures=(figure(15),))
    assert "fell_back" in change(older, newer).names
    assert "fell_back" not in change(older, newer, is_same_year=False).names


def test_a_rate_of_growth_is_no_cumulative_figure() -> None:
    older, newer = (row(TASK, text, figures=(figure(value, kind="growth", unit="%"),)) for text, value in (("增长9%。", 9), ("增速回到6%。", 6)))
    assert change(older, newer).names == ("unchanged",)


def test_rounding_is_no_fall() -> None:
    older, newer = (row(TASK, text, figures=(figure(value),)) for text, value in (("建成1204个。", 1204), ("累计建成1200个左右。", 1200)))
    assert change(older, newer).names == ("stalled",)


def test_several_names_come_worst_first() -> None:
    older = row(TASK, "建成22个，正在铺装园路和种植苗木。", figures=(figure(22),))
    newer = row(TASK, "建成22个，正在铺装园路和种植苗木。", status="at_risk", severity=2, figures=(figure(22),))
    assert change(older, newer).names == ("worse", "stalled", "repeated")


def test_indicators_are_paired_by_name_kind_and_unit() -> None:
    older = (figure(5, name="改造危桥", unit="座"), figure(80, name="农村公路", unit="公里"), figure(7, name="农村公路", unit="万元"))
    newer = (figure(90, name="农村公路里程", unit="公里"), figure(6, name="改造危桥", unit="座"), figure(1, name="公厕", unit="座"))
    assert [str(both) for both in pair_figures(older, newer)] == ["农村公路里程 80公里→90公里", "改造危桥 5座→6座"]
    assert [str(both) for both in pair_figures(older, (figure(90, name="县道", unit="公里"),))] == []


def test_changed_targets_and_doubts_stand_in_the_evidence() -> None:
    older = row("新建公园80个。", "正在选址。")
    found = find_change(Pair(older, row(TASK, "图纸送审。"), 0.9, older_rivals=(row("建公园", number="7"),)), is_same_year=True)
    assert "任务中的数字有变（80→100），请核对是否同一任务" in found.evidence
    assert "对应存疑：上期第 7 项与之相近" in found.evidence


def test_copies_are_handed_to_the_ranking_by_key_and_completed_ones_are_not() -> None:
    copied, done, fresh = (
        row("建桥。", "桥墩在建。", number="1"),
        row("修路。", "已通车。", number="2", status="completed"),
        row("种树。", "选苗。", number="3"),
    )
    grown = row("种树。", "栽下三成。", number="3")
    comparison = compare(quarter(copied, done, fresh), quarter(copied, done, grown, period="2024H1"))
    assert ["repeated" in found.names for found in comparison.changes] == [True, True, False]
    assert repeated(comparison.changes) == {copied.key}
    assert [found.pair.newer.number for found in worst_first(comparison.changes)] == ["1"]


def test_a_year_apart_nothing_cumulative_is_compared() -> None:
    older, newer = row(TASK, "建成90个。", figures=(figure(90),)), row(TASK, "今年起建成15个。", figures=(figure(15),))
    assert "fell_back" not in compare(quarter(older, period="2023FY"), quarter(newer)).changes[0].names


def test_every_change_has_a_name() -> None:
    assert {*labels.CHANGES, labels.NEW, labels.DROPPED} == set(labels.CHANGE_NAMES)
