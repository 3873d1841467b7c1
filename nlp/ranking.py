"""Annotated items -> ranked risk list: a score that is the sum of named terms, so that every rank can be explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nlp.labels import AT_RISK, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.records import AnnotatedItem, Risk, Term

TERM_NAMES: Final = {
    "severity": "严重程度",
    "at_risk": "判为有风险",
    "decline": "指标逆向",
    "blocked": "要件受阻",
    "more_problems": "问题不止一处",
    "external": "等待外部",
    "not_started_late": "时间已过仍未启动",
    "unfinished": "年终未完成",
    "no_report": "未填报",
}
_MOST_PROBLEMS: Final = 3


def score_item(item: AnnotatedItem, *, weights: Mapping[str, float]) -> tuple[Term, ...]:
    """The terms of the item's risk score, those of value zero left out; every term is >= 0, their sum is the score."""
    kinds = [problem.kind for problem in item.problems]
    is_at_risk = item.status == AT_RISK
    amounts = {
        "severity": item.severity,
        "at_risk": item.probabilities[STATUSES.index(AT_RISK)] if is_at_risk else 0.0,
        "decline": item.basis == "decline",
        "blocked": is_at_risk and "blocked" in kinds,
        "more_problems": min(max(len(kinds) - 1, 0), _MOST_PROBLEMS),
        "external": "external" in kinds,
        "not_started_late": item.period.elapsed if item.status == NOT_STARTED and item.item.text else 0.0,
        "unfinished": item.status == IN_PROGRESS and item.period.elapsed >= 1.0,
        "no_report": not item.item.text,
    }
    return tuple(Term(name, round(weights[name] * amount, 2)) for name, amount in amounts.items() if weights[name] * amount > 0)


def rank(items: Sequence[AnnotatedItem], *, weights: Mapping[str, float]) -> tuple[Risk, ...]:
    """All items whose score is above zero, worst first; on equal scores the more severe, then the order of the report."""
    scored = []
    for position, item in enumerate(items):
        terms = score_item(item, weights=weights)
        scored.append((round(sum(term.value for term in terms), 2), item.severity, position, item, terms))
    scored.sort(key=lambda entry: (-entry[0], -entry[1], entry[2]))
    return tuple(Risk(item, n, score, terms) for n, (score, _, _, item, terms) in enumerate((entry for entry in scored if entry[0] > 0), start=1))
