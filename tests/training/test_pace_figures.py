"""Figures of targets against results: what a labelled corpus says of them, and how pairs are matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.annotate.pace import find_indicators
from nlp.training.corpus import LabelledItem, read_corpora, read_item
from nlp.training.pace_figures import match_pairs, measure_pace, read_words


@pytest.fixture(scope="module")
def items(root: Path) -> list[LabelledItem]:
    return [item for government, found in read_corpora(root / "corpora") if government.split == "test" for item in found]


def test_what_the_test_government_must_reach(items: list[LabelledItem]) -> None:
    figures = measure_pace(items, words=read_words(items, by="labels"))
    assert figures["pairs"]["f1"] >= 0.90
    assert figures["verdict_accuracy"] >= 0.95
    assert figures["item_macro_f1"] >= 0.90
    assert min(figures["basis_classes"][basis]["f1"] for basis in ("decline", "growth", "pace")) >= 0.90


def test_pairs_match_where_both_spans_touch() -> None:
    pair = {"kind": "quantity", "verdict": "behind"}
    record = {
        "id": "1",
        "number": "1",
        "task": "新建公园<1|30个>、绿道<2|80公里>。",
        "units": ["市园林局"],
        "text": "{P}新建公园<1|8个>，绿道贯通<2|12公里>。",
        "status": "at_risk",
        "basis": "pace",
        "severity": 2,
        "pairs": [{"name": "公园", "target": 30, "result": 8, **pair}, {"name": "绿道", "target": 80, "result": 12, **pair}],
    }
    item = read_item(record, government="x", period="2024H1", where="")
    indicators = find_indicators(item.task, item.text, elapsed=0.5)
    assert [(p.name, i.verdict) for p, i in match_pairs(item.pairs, indicators)] == [("公园", "behind"), ("绿道", "behind")]
    assert match_pairs(item.pairs, indicators[:1])[0][0].name == "公园"
    assert match_pairs(item.pairs[:1], indicators[1:]) == []
