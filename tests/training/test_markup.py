"""The marked-up line: read, refuse, write back."""

from __future__ import annotations

import re

import pytest

from nlp.errors import CorpusError
from nlp.text import Span
from nlp.training.markup import label_statements, read_marks, write_marks

LINE = "1. {C}管网<1|6.3公里>通过验收；{R}产值[shortfall|同比下降<2|3.1%>]，[blocked|无处落地]。{N}拟再议"


def test_marks_become_offsets() -> None:
    marked = read_marks(LINE)
    assert marked.text == "1. 管网6.3公里通过验收；产值同比下降3.1%，无处落地。拟再议"
    assert [(span.of(marked.text), kind) for span, kind in marked.problems] == [("同比下降3.1%", "shortfall"), ("无处落地", "blocked")]
    assert {n: span.of(marked.text) for n, span in marked.numbered.items()} == {1: "6.3公里", 2: "3.1%"}
    assert [(span.of(marked.text), status) for span, status in label_statements(marked)] == [
        ("管网6.3公里通过验收", "completed"),
        ("产值同比下降3.1%，无处落地", "at_risk"),
        ("拟再议", "not_started"),
    ]


def test_writing_gives_the_line_back() -> None:
    marked = read_marks(LINE)
    assert write_marks(marked.text, statements=label_statements(marked), problems=marked.problems, numbered=marked.numbered) == LINE


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{X}甲", "未知的状态标记 {X}"),
        ("[late|甲]", "未知的问题类别 late"),
        ("[delay|甲", "标记没有闭合"),
        ("甲]", "标记 ] 没有配对"),
        ("<1|甲><1|乙>", "标记 <1| 出现两次"),
    ],
)
def test_a_bad_mark_is_refused(line: str, message: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(message)):
        read_marks(line, where="a.jsonl 第 3 行")


@pytest.mark.parametrize("line", ["{P}甲；乙", "甲", "{P}{N}甲"])
def test_every_statement_needs_one_mark(line: str) -> None:
    with pytest.raises(CorpusError, match=r"一个状态标记|状态标记 2 个"):
        label_statements(read_marks(line))


def test_spans_are_half_open() -> None:
    assert read_marks("[delay|甲乙]").problems == ((Span(0, 2), "delay"),)
