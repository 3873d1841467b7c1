"""Figures with their surroundings: words that touch them, change, lists, what is carried over; and what makes a figure a result."""

from __future__ import annotations

import pytest

from nlp.annotate.likeness import core, coverage, longest_common
from nlp.annotate.mentions import find_mentions
from nlp.annotate.results import find_results

CHANGES = [
    ("产值增长5.6%。", [5.6]),
    ("产值同比下降6.8%。", [-6.8]),
    ("工业增加值增速为-6.8%。", [-6.8]),
    ("增速回落至3.2%。", [3.2]),
    ("覆盖率提高到95%。", [95]),
    ("比上年少收3.6%。", [-3.6]),
    ("占比提高1.2个百分点。", [1.2]),
    ("吞吐量310万吨，客运量42万人次，分别下降6.1%、3.3%。", [3_100_000, 420_000, -6.1, -3.3]),
]


@pytest.mark.parametrize(("text", "values"), CHANGES)
def test_a_fall_is_below_zero(text: str, values: list[float]) -> None:
    assert [mention.value for mention in find_mentions(text)] == values


def test_a_list_shares_its_words_and_its_unit() -> None:
    first, second, third = find_mentions("新签约、新开工、投产分别不少于90、60、30个。")
    assert [mention.lead for mention in (first, second, third)] == ["新签约不少于", "新开工不少于", "投产不少于"]
    assert {mention.quantity.unit for mention in (first, second, third)} == {"个"}


def test_what_an_earlier_figure_says_is_carried_over_within_a_statement() -> None:
    _, growth, elided = find_mentions("出栏生猪127万头，增长6.5%，蔬菜7.1%。")
    assert growth.subject == "出栏生猪"
    assert (elided.change, elided.elided) == (0, 1)
    *_, other = find_mentions("出栏生猪127万头，增长6.5%。利用率7.1%。")
    assert (other.subject, other.elided) == ("", 0)


def test_figures_that_qualify_are_left_out() -> None:
    assert [m.quantity.value for m in find_mentions("签约20亿元以上项目6个，年收入30万元以上的村达到40个。")] == [6, 40]
    assert [m.is_in_brackets for m in find_mentions("建成污水厂（日处理5万吨）2座。")] == [True, False]


RATES = [
    ("完成率18.15%。", "yearly"),
    ("完成全年任务的5.49%。", "yearly"),
    ("占年度计划的三成。", "yearly"),
    ("主体工程完成60%。", "rate"),
    ("交付率76.4%。", "交付"),
    ("合格率98%。", ""),
    ("产值增长8%。", ""),
]


@pytest.mark.parametrize(("text", "kind"), RATES)
def test_rates_of_completion(text: str, kind: str) -> None:
    (result,) = find_results(text)
    assert (result.is_yearly, result.is_rate, result.rate_of) == (kind == "yearly", kind in {"yearly", "rate"}, kind if kind == "交付" else "")


def test_names_are_compared_without_fillers_and_with_synonyms() -> None:
    assert core("全年规上工业增加值增长") == core("规模以上工业增加值")
    assert core("50亿元以上项目") != core("亿元以上项目")
    assert coverage("停车", "新增停车位") == 1.0
    assert coverage("", "甲") == 0.0
    assert longest_common("适老化改造", "完成适老化改造户数") == 5
