"""Summaries: whole clauses in the source's words, never a number that it lacks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.annotate.clauses import cut_clauses
from nlp.annotate.summary import LONGEST, choose, summarise
from nlp.readers import read_report
from nlp.records import Problem, Statement
from nlp.text import Span, cut_statements
from nlp.training.corpus import read_corpora
from nlp.training.pace_figures import read_words

LEADS = ("其中", "并", "及", "同时", "此外")
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def statements_of(text: str) -> list[Statement]:
    return [Statement(span, "in_progress", (0.0, 1.0, 0.0, 0.0)) for span in cut_statements(text)]


def check(text: str, summary: str) -> None:
    """No number and no piece that the source lacks; brackets and quotes closed; no leading conjunction."""
    assert len(summary) <= LONGEST
    assert set(FIGURE.findall(summary)) <= set(FIGURE.findall(text)), (summary, text)
    plain = "".join(text.split())
    if len(text) > LONGEST:
        assert all("".join(piece.split()) in plain for piece in re.split("[，；]", summary)), (summary, text)
        assert not summary.startswith(tuple(lead for lead in LEADS if lead not in {"并", "及"}))


def test_corpora(root) -> None:
    count = 0
    for _, items in read_corpora(root / "corpora"):
        for item, words in zip(items, read_words(items, by="labels"), strict=True):
            check(item.text, summarise(item.task, item.text, statements=words.statements, problems=words.problems))
            count += 1
    assert count > 4000


def test_the_real_report(real_reports) -> None:
    for item in read_report(next(real_reports.glob("*.xlsx"))).items:
        check(item.text, summarise(item.task, item.text, statements=statements_of(item.text), problems=()))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["完成投资3.2亿元", "，", "；", "。", "（含12户）", "（", "”", "其中", "因", "同比下降4%", "在建", " ", "1,200个"]), max_size=60)
)
def test_any_text(parts: list[str]) -> None:
    text = "".join(parts)
    check(text, summarise("建桥", text, statements=statements_of(text), problems=()))


def clauses(text: str) -> list[str]:
    return [clause.span.of(text) for clause in cut_clauses(text, statements=statements_of(text), longest=LONGEST)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("截至6月底，建成8座（含2座改建，1座在建），同比增长4%；拟建3座", ["建成8座（含2座改建，1座在建），同比增长4%", "拟建3座"]),
        ("因选址调整，暂无土地指标，二号楼已经停工", ["因选址调整，暂无土地指标", "二号楼已经停工"]),
        ("存在问题：一是资金缺口大；二是征迁没有完成", ["资金缺口大", "征迁没有完成"]),
        ("市住建局：新开工9个，完工6个小区改造", ["市住建局：新开工9个", "完工6个小区改造"]),
        ("改造完成112处。其中21处缺少要件", ["改造完成112处", "21处缺少要件"]),
        ("新建管网12,300米，其中主干管8公里", ["新建管网12,300米，其中主干管8公里"]),
    ],
)
def test_clauses_stand_alone(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_the_problem_is_kept() -> None:
    text = "一号楼封顶，外墙保温板材进场，水电安装班组完成交底培训。二号楼因资方撤出停工。三号楼持续推进地下室施工，降水井二十口全部打完，塔吊基础验收合格。"
    at = text.index("二号楼因资方")
    marks = [Statement(s.span, "at_risk" if s.span.start == at else "in_progress", s.probabilities) for s in statements_of(text)]
    assert "二号楼因资方撤出停工" in summarise("推进安置房建设", text, statements=marks, problems=[Problem(Span(at, at + 10), "blocked", 1.0)])


def test_choice_stops_where_nothing_is_gained() -> None:
    assert choose([10, 10, 10], [0.9, 0.8, 0.1], expected=14, longest=60) == [0, 1]
    assert choose([70, 20], [0.9, 0.2], expected=14, longest=60) == [1]
    assert choose([], [], expected=14, longest=60) == []
