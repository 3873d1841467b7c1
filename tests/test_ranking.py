"""The risk score is the sum of its terms, and ties keep the order of the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nlp.config import load_toml, load_weights
from nlp.errors import ResourceError
from nlp.labels import TERM_NAMES
from nlp.ranking import find_low_rank, rank, score_item
from nlp.records import AnnotatedItem, Indicator, Item, Period, Problem, Source
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

BEHIND = Indicator("基站", "quantity", 100, "个", 5, "个", 0.05, 0.5, "behind", Span(0, 1), Span(0, 1), "")


def test_terms_add_up() -> None:
    terms = {term.name: term.value for term in score_item(RISKY, weights=WEIGHTS)}
    assert list(terms) == ["severity", "at_risk", "blocked", "spread"]
    assert terms["severity"] == 3 * WEIGHTS["severity"]
    assert terms["at_risk"] == pytest.approx(0.8 * WEIGHTS["at_risk"])
    (risk,) = rank([RISKY], weights=WEIGHTS)
    assert risk.score == pytest.approx(sum(terms.values()))


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
        (replace(RISKY, indicators=(BEHIND,)), "pace_gap"),
        (replace(RISKY, words_against_figures=True), "words_against_figures"),
        (replace(CALM, item=replace(CALM.item, text="增速居全省第 14 位")), "low_rank"),
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


def test_a_way_forward_takes_the_blocked_term_away() -> None:
    helped = replace(RISKY, item=replace(RISKY.item, text="在建，正与铁路部门对接"))
    assert "blocked" not in {term.name for term in score_item(helped, weights=WEIGHTS)}


def test_what_is_known_of_the_former_quarter_lifts_a_row_and_is_said() -> None:
    late = replace(CALM, status="not_started", item=replace(CALM.item, number="2", source=replace(CALM.item.source, row=9)))
    plain = replace(late, item=replace(CALM.item, number="1"))
    (first, second) = rank([plain, late], weights=WEIGHTS, repeated={str(late.item.source)})
    assert first.annotated is late
    assert "内容与上期雷同" in first.why
    assert "雷同" not in second.why
    assert first.score - second.score == pytest.approx(WEIGHTS["repeated"])


def test_terms_without_severity_lift_nothing_over_a_step_of_severity() -> None:
    small = ("words_against_figures", "low_rank", "repeated")
    assert sum(WEIGHTS[name] for name in small) < WEIGHTS["severity"]
    assert max(WEIGHTS["not_started_late"], WEIGHTS["unfinished"]) < WEIGHTS["severity"]


def test_examples_of_low_ranks() -> None:
    words = load_toml("ranking.toml")["low_rank"]
    assert [text for text in words["examples"] if not find_low_rank(text)] == []
    assert [text for text in words["counterexamples"] if find_low_rank(text)] == []
