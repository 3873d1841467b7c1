"""The sentence beside a rank: what weighs most first, quotes and figures as the source has them."""

from __future__ import annotations

import re

import pytest

from nlp.annotate.pipeline import annotate
from nlp.config import load_weights
from nlp.ranking import rank
from nlp.records import Item, Period, Risk, Source
from nlp.training.corpus import read_corpora

Q1 = Period("2024Q1", 0.25)


def ranked(task: str, text: str, period: Period = Q1) -> tuple[Risk, ...]:
    return rank(annotate([Item("1", task, ("市商务局",), text, Source("a", 1))], period=period), weights=load_weights())


@pytest.mark.parametrize(
    ("task", "text", "why"),
    [
        ("进出口总额增长8%。", "一季度，进出口总额同比下降 5.2%。", "主要指标进出口总额下降5.2%，与增长目标反向"),
        ("新建充电桩1200个。", "建成充电桩30个。", "目标1200个，现为30个，落后序时进度，文字未作说明"),
        ("进出口总额增长8%。", "", "未填报落实情况，居首位。"),
        ("建设安置房。", "二号楼因选址调整，暂无土地指标。", "“二号楼因选址调整，暂无土地指标”，未写明解决办法"),
    ],
)
def test_the_sentence_names_what_decided(task: str, text: str, why: str) -> None:
    (risk,) = ranked(task, text)
    assert why in risk.why
    assert risk.why.endswith("居首位。")


def test_every_number_and_quote_stands_in_the_row(root) -> None:
    government, items = next(entry for entry in read_corpora(root / "corpora") if entry[0].name == "hengqu")
    rows = [Item(item.number, item.task, item.units, item.text, Source(item.period, n)) for n, item in enumerate(items[:100])]
    risks = rank(annotate(rows, period=Period(f"{government.year}H1", 0.5)), weights=load_weights())
    assert len(risks) > 10
    for risk in risks:
        item = risk.annotated.item
        source = "".join(f"{item.task}\n{item.text}".split())
        for number in re.findall(r"\d[\d.,]*", risk.why):
            assert number.rstrip(".,") in source, risk.why
        for quote in re.findall("“([^”]*)”", risk.why):
            assert "".join(quote.split()).replace("‘", "“").replace("’", "”") in source
        assert risk.why.count("。") == 1


def test_a_low_rank_is_quoted_once() -> None:
    (risk,) = ranked("农产品加工产值高于全省平均。", "淡水珍珠产值同比下降8.3%，居全省第15位。")
    assert risk.why.count("第15位") == 1
