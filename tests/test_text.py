"""Cutting of statements and folding, each case one marked-up line: statements stand between 〔 and 〕."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.text import Span, count_characters, cut_statements, fold, shorten, squeeze

MARKED = [
    "〔一号楼封顶〕。〔二号楼正在备料〕；〔三号楼未动〕！",
    "1. 〔渡口改造通过验收〕。2. 〔航标更换开始招标〕。",
    "1、〔渡口改造〕2、〔航标更换〕",
    "（一）〔印发方案〕。（二）〔组织培训〕。",
    "①〔印发方案〕；②〔组织培训〕",
    "〔印发《关于加强管理。规范秩序；提高质量的通知》〕。〔开会一次〕",
    "〔会议提出“稳住粮价；管好粮库。”的要求〕。",
    "〔完成投资 1.5 亿元，占 30.2%〕。",
    "〔2、4 号机组检修〕。",
    "存在问题：1.〔缺少用地指标〕；2.〔图纸未审〕",
    "〔存在问题：用地指标没有着落〕。",
    "〔第一段没有句号〕\n〔第二段也没有〕",
    "〔左括号没有配对（后面还有〕；〔另一句〕。",
    "〔工程建设中〕。 。；",
    "〔长3.2公里，宽12米〕；〔另有2.5公里〕",
]


@pytest.mark.parametrize("marked", MARKED)
def test_statements_are_cut_as_marked(marked: str) -> None:
    text = re.sub("[〔〕]", "", marked)
    assert [span.of(text) for span in cut_statements(text)] == re.findall("〔(.*?)〕", marked, re.DOTALL)


@given(st.text(alphabet="甲乙。；！？“”（）《》12.、 \n：，", max_size=60))
def test_statements_ascend_and_lose_nothing_but_marks(text: str) -> None:
    spans = cut_statements(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    outside = set(range(len(text))) - {i for s in spans for i in range(s.start, s.end)}
    assert not [text[i] for i in outside if text[i] in "甲乙" and "：" not in text]


def test_cutting_takes_linear_time() -> None:
    text = "“（一.1、" * 40_000
    started = time.perf_counter()
    cut_statements(text)
    assert time.perf_counter() - started < 5


@given(st.text(max_size=50))
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(("text", "folded"), [("５Ｇ基站", "5g基站"), ("（一）", "（一）"), ("ＰＭ２．５：％", "pm2.5：%"), ("①ﬁ", "①ﬁ")])
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_squeeze_gives_the_offset_of_every_kept_character() -> None:
    squeezed, offsets = squeeze(" 市 农业\n局")
    assert squeezed == "市农业局"
    assert offsets == [1, 3, 4, 6]


def test_span_and_count() -> None:
    assert Span(1, 3).of("甲乙丙丁") == "乙丙"
    assert count_characters(" 甲\u200b乙\n\x00") == 2


@pytest.mark.parametrize(
    ("text", "longest", "head"),
    [
        ("开工建设桥梁，三座", 9, "开工建设桥梁，三座"),
        ("开工建设桥梁，长三公里", 9, "开工建设桥梁"),
        ("完成全部投资3.25亿元以上", 9, "完成全部投资"),
        ("完成全部投资（含设备，含安装）", 12, "完成全部投资"),
    ],
)
def test_shorten_cuts_neither_figures_nor_brackets(text: str, longest: int, head: str) -> None:
    assert shorten(text, longest=longest) == head
