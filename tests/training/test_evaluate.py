"""Evaluation of a reader: a perfect one, a blind one, and what the figures say of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.annotate.pipeline import Reading
from nlp.annotate.predict import Prediction
from nlp.labels import STATUSES
from nlp.records import Problem, Statement
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.evaluate import evaluate, likely_mislabels, read_items, tfidf_figures


@pytest.fixture(scope="module")
def items(root: Path) -> list[LabelledItem]:
    _, found = next(read_corpora(root / "corpora"))
    return found[:60]


def shares_of(status: str, sure: float = 0.97) -> tuple[float, ...]:
    rest = (1 - sure) / 3
    return tuple(sure if name == status else rest for name in STATUSES)


def perfect(item: LabelledItem) -> Reading:
    statements = tuple(Statement(span, status, shares_of(status)) for span, status in item.statements)
    problems = tuple(Problem(span, kind, 1.0) for span, kind in item.problems)
    return Reading(item.status, item.basis, shares_of(item.status), statements, problems, False, "model")


def test_a_perfect_reader_gets_full_marks(items: list[LabelledItem]) -> None:
    figures = evaluate(items, [perfect(item) for item in items])
    assert figures["statement"]["macro_f1"] == 1.0
    assert figures["item"]["accuracy"] == 1.0
    assert figures["problems"]["exact"]["f1"] == pytest.approx(1.0)
    assert figures["statement"]["ece"] == pytest.approx(0.03)
    assert figures["statement_interval"] == [1.0, 1.0]
    assert figures["review"] == {"flagged": 0.0, "accuracy_of_the_rest": 1.0, "coverage": figures["review"]["coverage"]}
    assert {point["accuracy"] for point in figures["review"]["coverage"]} == {1.0}


def test_a_blind_reader_does_not(items: list[LabelledItem]) -> None:
    blind = [
        Reading(
            "in_progress",
            None,
            shares_of("in_progress"),
            tuple(Statement(span, "in_progress", shares_of("in_progress")) for span, _ in item.statements),
            (),
            True,
            "model",
        )
        for item in items
    ]
    figures = evaluate(items, blind)
    assert figures["statement"]["at_risk_recall"] == 0.0
    assert figures["statement"]["macro_f1"] < 0.3
    assert figures["problems"]["overlap"]["recall"] == 0.0
    assert figures["review"]["flagged"] == 1.0
    assert figures["review"]["accuracy_of_the_rest"] is None


def test_the_rules_are_measured_like_a_model(items: list[LabelledItem]) -> None:
    figures = evaluate(items, read_items(items))
    assert 0 < figures["statement"]["macro_f1"] < 1
    assert figures["n"]["statements"] == sum(len(item.statements) for item in items)


def test_the_baseline_learns_something(items: list[LabelledItem]) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: python scripts/test.py --with-training")
    assert tfidf_figures(items, items)["statement"]["accuracy"] > 0.6


def test_the_least_likely_label_comes_first(items: list[LabelledItem]) -> None:
    predictions = [Prediction(tuple((span, shares_of(status)) for span, status in item.statements), (), shares_of(item.status)) for item in items]
    span, status = items[3].statements[0]
    other = next(name for name in STATUSES if name != status)
    predictions[3] = Prediction(((span, shares_of(other, 0.99)), *predictions[3].statements[1:]), (), predictions[3].item)
    ((share, item, found, label, said),) = likely_mislabels(items, predictions)
    assert (item, found, label, said) == (items[3], span, status, other)
    assert share == pytest.approx(0.01 / 3)
