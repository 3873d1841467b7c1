"""What to label next, likely mislabels, agreement of two people."""

from __future__ import annotations

import numpy as np
import pytest

from nlp.labels import STATUSES
from nlp.store import Store, add_run, agreements, confirm, correct, likely_mislabels, next_rows, set_note, set_severity, set_span, set_status, undo
from nlp.store.agreement import kappa
from nlp.store.suggest import confident_errors
from nlp.text import Span
from tests.store.conftest import make_row, make_rows


def test_rows_that_sources_disagree_on_come_first_then_those_in_doubt(store: Store) -> None:
    rows = make_rows(6)
    rows[3] |= {"rules_status": "at_risk"}
    rows[4] |= {"rules_status": "at_risk", "words_against_figures": True}
    run = add_run(store, rows)
    confirm(store, 1, who="张三", on_revision=0)
    found = next_rows(store, run.id, limit=4)
    rest = sorted((2, 3, 6), key=lambda position: rows[position - 1]["confidence"])[:2]
    assert [s.position for s in found] == [5, 4, *rest]
    assert found[0].reasons == ("规则判为有风险，模型不然", "文字与数字不合", f"把握 {rows[4]['confidence']:.2f}")
    assert 2 <= found[0].score <= 3


def test_confident_errors_are_those_above_the_mean_of_another_label() -> None:
    completed, risk = STATUSES[0], STATUSES[3]
    given = [completed, completed, completed, risk, risk, risk]
    first = np.array([0.9, 0.8, 0.1, 0.2, 0.85, 0.4])
    shares = np.stack([first, np.zeros(6), np.zeros(6), 1 - first], axis=1)
    # Means: completed (0.9 + 0.8 + 0.1) / 3 = 0.6, at risk (0.8 + 0.15 + 0.6) / 3 = 0.517.
    assert confident_errors(given, shares) == [(2, risk), (4, completed)]
    assert confident_errors([], np.zeros((0, 4))) == []


def test_a_slip_of_the_reviewer_is_found(store: Store) -> None:
    run = add_run(store, [make_row(4 * n + n % 2, probabilities=_sure(n % 2)) for n in range(10)])
    for item in range(1, 11):
        confirm(store, item, who="张三", on_revision=0)
    assert likely_mislabels(store, run.id) == []
    correct(store, 1, [set_status("completed")], who="张三", on_revision=1)
    assert [(s.position, s.score, s.reasons) for s in likely_mislabels(store, run.id)] == [(1, 0.96, ("标为已完成，程序认为有风险",))]


def _sure(odd: int) -> dict[str, float]:
    certain = "completed" if odd else "at_risk"
    return {status: 0.88 if status == certain else 0.04 for status in STATUSES}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("aabb", "aabb", 1.0), ("aaaa", "aaaa", 1.0), ("aabb", "abab", 0.0), ("ab", "ba", -1.0), ("aaab" * 5, "aabb" * 5, 0.5)],
)
def test_kappa(one: str, other: str, expected: float) -> None:
    assert kappa(one, other) == pytest.approx(expected)


def test_agreement_is_counted_where_two_people_reviewed_the_same_rows(store, run) -> None:
    for item in (1, 2, 3, 4):
        confirm(store, item, who="张三", on_revision=0)
    for item in (2, 3):
        confirm(store, item, who="李四", on_revision=1)
    correct(store, 4, [set_status("in_progress")], who="李四", on_revision=1)
    correct(store, 1, [set_span(Span(14, 18), None), set_severity(3)], who="李四", on_revision=1)
    correct(store, 5, [set_note("只记一笔")], who="王五", on_revision=0)
    correct(store, 2, [set_severity(1)], who="赵六", on_revision=2)
    undo(store, who="赵六")
    found = {a.field: a for a in agreements(store, run.id)}
    assert {(a.one, a.other) for a in found.values()} == {("张三", "李四")}
    assert [(f, found[f].n, found[f].equal) for f in ("status", "basis", "severity", "statement")] == [
        ("status", 4, 3),
        ("basis", 4, 4),
        ("severity", 4, 3),
        ("statement", 5, 5),
    ]
    assert found["status"].kappa == pytest.approx((3 / 4 - 4 / 16) / (1 - 4 / 16), abs=1e-4)
    assert found["span"].n - found["span"].equal == 4
    assert found["basis"].kappa == 1.0
