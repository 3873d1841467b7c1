"""Targets against results: pairs and verdicts, each case one task and one text with numbered marks, then the verdict of each pair."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nlp.annotate.pace import find_indicators, judge, severity_of
from nlp.annotate.results import find_results, may_state_a_rate
from nlp.annotate.yardstick import load_yardstick
from nlp.labels import VERDICTS
from nlp.text import Span
from nlp.training.audit import expected_verdicts
from nlp.training.corpus import LabelledPair, read_corpora
from nlp.training.markup import read_marks

Q1, H1, Q3, FY = 0.25, 0.5, 0.75, 1.0
# Each pair is marked alike in the task and in the text; what is not marked must not be paired.
LINES = [
    (Q1, "新开通5G基站<1|900个>。", "建成开通5G基站<1|131个>。", ["behind"]),
    # In a list of figures each before its name the names are those behind; what is pushed on with is not done.
    (Q1, "创建市级园林小区<1|1个>、绿化示范村<2|30个>。", "完成<1|1个>市级园林小区、<2|30个>绿化示范村创建。", ["met", "met"]),
    (Q1, "创建市级园林小区1个、绿化示范村30个。", "稳步推进1个市级园林小区、30个绿化示范村创建工作。", []),
    (Q1, "新开通5G基站<1|900 个>。", "建成开通 5G 基站 <1|３００ 个>。", ["on_pace"]),
    (H1, "新建公园<1|30个>、绿道<2|80公里>。", "新建公园<1|12个>，绿道贯通<2|52公里>。", ["behind", "ahead"]),
    (Q1, "产值增长<1|9%>，投资增长<2|12%>。", "一季度产值同比下降<1|2.1%>，投资增长<2|12.4%>。", ["falling", "on_pace"]),
    (Q1, "进出口总额增长<1|10%>。", "进出口总额3.4亿元，增长<1|6.2%>，高于全省2个百分点。", ["below_target"]),
    (Q1, "货运量增长<1|5%>、客运量增长<2|8%>。", "货运量310万吨，客运量42万人次，分别增长<1|6.1%>、<2|3.3%>。", ["on_pace", "below_target"]),
    (H1, "“三公”经费压减<1|5%>。", "“三公”经费同比下降<1|9.4%>。", ["on_pace"]),
    (H1, "单位GDP能耗下降<1|3%>。", "单位GDP能耗上升<1|1.2%>。", ["falling"]),
    (H1, "断面优良比例达到<1|85%>。", "断面优良比例<1|82.6%>。", ["not_comparable"]),
    (FY, "断面优良比例达到<1|85%>。", "全年断面优良比例<1|82.6%>。", ["below_target"]),
    (FY, "PM2.5平均浓度控制在<1|35微克/立方米>以内。", "PM2.5平均浓度<1|33微克/立方米>。", ["met"]),
    (FY, "营商环境评价进入全省<1|前5位>。", "营商环境评价居全省<1|第7位>。", ["below_target"]),
    (Q3, "改造管网<1|60公里>。", "改造管网<1|46000米>。", ["on_pace"]),
    (Q1, "培训<1|1.2万人次>。", "培训<1|3100人次>，其中线上830人次。", ["on_pace"]),
    (Q3, "保交楼项目交付<1|2400套>。", "保交楼项目交付率<1|80%>。", ["on_pace"]),
    # Work begun is not done, unless the task counts beginnings.
    (H1, "改造危桥<1|40座>。", "危桥改造开工22座、完工<1|9座>。", ["behind"]),
    (H1, "改造危桥40座。", "危桥改造已开工22座，在建12座。", []),
    (H1, "新开工项目<1|40个>。", "新开工项目<1|22个>。", ["on_pace"]),
    (Q1, "新认定高新技术企业20家。", "组织申报高新技术企业31家。", []),
    (Q1, "建设人才公寓900套。", "人才公寓主体施工2栋340套。", []),
    # Another member of the family.
    (Q1, "实际使用外资增长10%。", "合同外资增长12%。", []),
    (Q1, "农村居民收入增长9%。", "全体居民收入增长6.8%，其中城镇居民增长5.9%。", []),
    (Q1, "出口增长<1|5%>。", "进出口增长7%，出口增长<1|3.1%>。", ["below_target"]),
    # A target that is only handed out, another thing with the same unit, another period.
    (Q1, "完成60个老旧小区改造。", "60个老旧小区改造项目已全部完成初步设计。", []),
    (Q1, "加快甲、乙等25个项目建设。", "3个项目投产，7个项目签约。", []),
    (H1, "新建充电桩<1|600个>。", "排查充电桩1400个，新建充电桩<1|390个>。", ["ahead"]),
    (H1, "新增就业<1|3万人>。", "去年同期新增就业1.4万人，今年上半年新增就业<1|1.6万人>。", ["on_pace"]),
    (Q1, "新建农村公路<1|0公里>。", "新建农村公路<1|3公里>。", ["not_comparable"]),
    (Q1, "亿元以上、20亿元以上工业项目签约分别不少于<1|80个>、<2|6个>。", "签约亿元以上工业项目<1|15个>，20亿元以上工业项目<2|2个>。", ["behind", "on_pace"]),
]


@pytest.mark.parametrize(("elapsed", "task", "text", "verdicts"), LINES)
def test_pairs_and_verdicts(elapsed: float, task: str, text: str, verdicts: list[str]) -> None:
    marked_task, marked_text = read_marks(task), read_marks(text)
    found = find_indicators(marked_task.text, marked_text.text, elapsed=elapsed)
    wanted = [(marked_task.numbered[n], marked_text.numbered[n]) for n in sorted(marked_task.numbered)]
    assert [(i.task_span, i.text_span) for i in found] == wanted
    assert [i.verdict for i in found] == verdicts


ARITHMETIC = [
    ("quantity", 900, 131, "座", Q1, "131 / 900座 = 14.6%，应达 25%"),
    ("quantity", 0, 3, "个", Q1, "目标为 0，完成 3个，无法比较"),
    ("quantity", 120000, 30500, "亩", Q1, "3.05万 / 12万亩 = 25.4%，应达 25%"),
    ("growth", 9, -2.1, "%", Q1, "下降 2.1%，目标增长 9%"),
    ("growth", 10, 6.2, "%", Q1, "增长 6.2%，目标增长 10%，差 3.8 个百分点"),
    ("level", 85, 82.6, "%", H1, "82.6%，目标≥85%，年终前不比"),
    ("ceiling", 35, 33, "微克", FY, "33微克，目标≤35微克，达到"),
]


@pytest.mark.parametrize(("kind", "target", "result", "unit", "elapsed", "line"), ARITHMETIC)
def test_arithmetic_in_one_line(kind: str, target: float, result: float, unit: str, elapsed: float, line: str) -> None:
    assert judge(kind, target=target, result=result, unit=unit, elapsed=elapsed, yardstick=load_yardstick()).arithmetic == line


@settings(deadline=None)
@given(
    st.sampled_from(["quantity", "growth", "level", "ceiling", "rank"]),
    st.integers(-(10**6), 10**10).map(lambda hundredths: hundredths / 100),
    st.integers(-(10**6), 10**10).map(lambda hundredths: hundredths / 100),
    st.sampled_from([Q1, H1, Q3, FY]),
)
def test_verdicts_are_those_of_the_guide(kind: str, target: float, result: float, elapsed: float) -> None:
    # At the very edge the last bit of a division decides.
    edges = (1.0, elapsed, elapsed + 0.1)
    assume(not target or all(abs(result / target - edge) > 1e-6 for edge in edges))
    pair = LabelledPair("", kind, target, result, "met", Span(0, 1), Span(0, 1))
    said = judge(kind, target=target, result=result, elapsed=elapsed, yardstick=load_yardstick()).verdict
    assert said in VERDICTS
    assert {said} == expected_verdicts(pair, elapsed=elapsed)


def test_a_stated_rate_without_a_number_in_the_task() -> None:
    text = "全市公益电影放映163场，完成率20.4%；剧院装修完成60%。"
    (found,) = find_indicators("繁荣群众文化。", text, elapsed=Q1)
    assert (found.verdict, found.task_span, found.text_span.of(text)) == ("behind", None, "20.4%")
    assert found.arithmetic == "自报完成率 20.4%，应达 25%"
    (paired,) = find_indicators("公益电影放映800场。", text, elapsed=Q1)
    assert paired.text_span.of(text) == "163场"


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("完成年度任务的 38%。", True),
        ("已达目 标的六成。", True),
        ("完成率31.5%。", True),
        # As some PDF files write it: a radical in place of the character.
        ("已达⽬标的六成。", True),
        ("管网更新 12 公里，同比增长 3.1%。", False),
        ("覆盖率 92%，合格率98%。", False),
    ],
)
def test_texts_that_may_state_a_rate(text: str, may: bool) -> None:
    assert may_state_a_rate(text) is may


def test_no_rate_of_the_year_is_overlooked(root: Path) -> None:
    texts = [item.text for government, items in read_corpora(root / "corpora") if government.split != "train" for item in items]
    skipped = [text for text in texts if not may_state_a_rate(text)]
    assert len(skipped) > len(texts) / 4
    assert not [text for text in skipped if any(result.is_rate and result.is_yearly for result in find_results(text))]


def test_severity_of_the_worst_pair() -> None:
    def of(result: int) -> int:
        return severity_of(find_indicators("新建公园100个。", f"新建公园{result}个。", elapsed=H1))

    assert [of(60), of(45), of(30), of(10)] == [0, 1, 2, 3]
    assert severity_of(find_indicators("产值增长8%。", "产值下降1%。", elapsed=H1)) == 3


HOSTILE = {
    "digits": "9" * 100_000,
    "numbers": "1234567 " * 12_500,
    "list of names": "公园、" * 33_000,
    "list of figures": "3个、" * 33_000,
    "figures": "1个" * 50_000,
    "units": "个亩公里万元户" * 14_000,
    "numerals": "一二三四十百千万" * 12_500,
    "rates": "完成率1%，" * 16_000,
    "changes": "分别增长1%、2%、" * 10_000,
    "brackets": "（" * 100_000,
    "tasks": "新建公园30个，产值增长5%，建成文化馆，改造危桥40座。" * 3_700,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hundred_thousand_characters_take_no_long_time(name: str) -> None:
    # Processor time, four times what a quiet machine needs at most.
    started = time.process_time()
    find_indicators("新建公园30个，产值增长5%，建成文化馆。", HOSTILE[name], elapsed=H1)
    find_indicators(HOSTILE[name], HOSTILE[name], elapsed=H1)
    assert time.process_time() - started < 12


def test_what_cannot_be_read_is_no_figure() -> None:
    assert find_indicators("建" + "9" * 300 + "个", "成" + "8" * 300 + "个", elapsed=H1) == ()
    assert find_indicators("", "", elapsed=H1) == ()
    (found,) = find_indicators("新建公园0个。", "新建公园3个。", elapsed=H1)
    assert (found.verdict, found.ratio, found.light) == ("not_comparable", None, "")
