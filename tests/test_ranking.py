"""The risk score is the sum of its terms, and ties keep the order of the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nlp.config import load_weights
from nlp.errors import ResourceError
from nlp.ranking import TERM_NAMES, rank, score_item
from nlp.records import AnnotatedItem, Item, Period, Problem, Source
from nlp.text import Span

WEIGHTS = load_weights()
CALM = AnnotatedItem(Item("1", "建桥", (), "在建", Source("a", 1)), Period("2024H1", 0.5), "in_progress", None, (0.1, 0.7, 0.1, 0.1), (), (), 0, False, "", "")
RISKY = replace(
    CALM,
    status="at_risk",
    basis="stated",
    severity=3,
    probabilities=(0, 0.2, 0, 0.8),
    problems=(Problem(Span(0, 1), "blocked", 1), Problem(Span(1, 2), "delay", 1)),
)


def test_terms_add_up() -> None:
    terms = {term.name: term.value for term in score_item(RISKY, weights=WEIGHTS)}
    assert terms == {"severity": 60.0, "at_risk": 16.0, "blocked": 6.0, "more_problems": 2.0}
    (risk,) = rank([RISKY], weights=WEIGHTS)
    assert risk.score == sum(terms.values())


def test_worst_first_calm_items_left_out_ties_in_report_order() -> None:
    late = replace(CALM, status="not_started")
    again = replace(late, reason="second")
    risks = rank([CALM, late, RISKY, again], weights=WEIGHTS)
    assert [(risk.rank, risk.annotated) for risk in risks] == [(1, RISKY), (2, late), (3, again)]


@pytest.mark.parametrize(
    ("item", "term"),
    [
        (replace(CALM, period=Period("2024FY", 1.0)), "unfinished"),
        (replace(CALM, status="not_started"), "not_started_late"),
        (replace(CALM, item=replace(CALM.item, text=""), status="not_started"), "no_report"),
        (replace(RISKY, basis="decline"), "decline"),
        (replace(CALM, problems=(Problem(Span(0, 1), "external", 1),)), "external"),
    ],
)
def test_each_term_has_its_case(item: AnnotatedItem, term: str) -> None:
    assert term in {found.name for found in score_item(item, weights=WEIGHTS)}


def test_every_weight_has_a_name() -> None:
    assert list(WEIGHTS) == list(TERM_NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[weights]\ncolour = 1\n", "未知的键 ['colour']"),
        ("[weights]\nseverity = -1\n", "severity = -1，应为 0 到 1000 的数"),
        ("[weights", "不能作为设置文件读入"),
    ],
)
def test_a_malformed_weights_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResourceError) as error:
        load_weights(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)
