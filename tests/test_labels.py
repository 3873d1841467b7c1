"""Labels are defined once, and every one has its Chinese name."""

from __future__ import annotations

from nlp import labels


def test_every_label_has_a_name() -> None:
    assert set(labels.STATUS_NAMES) == set(labels.STATUSES) == set(labels.STATUS_MARKS.values())
    assert set(labels.BASIS_NAMES) == set(labels.BASES)
    assert set(labels.PROBLEM_NAMES) == set(labels.PROBLEM_KINDS)
    assert set(labels.VERDICT_NAMES) == set(labels.VERDICTS)
    assert set(labels.SEVERITY_NAMES) == set(labels.SEVERITIES)
