"""Annotated items -> ranked risk list: a score that is the sum of named terms, so that every rank can be explained."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from nlp.annotate.pace import BAD, Verdict, reached
from nlp.annotate.severity import has_way_forward
from nlp.config import load_toml
from nlp.labels import AT_RISK, IN_PROGRESS, NOT_STARTED, STATUSES
from nlp.records import AnnotatedItem, Risk, Term
from nlp.text import fold, squeeze
from nlp.why import explain

_MOST_PROBLEMS: Final = 3


def score_item(item: AnnotatedItem, *, weights: Mapping[str, float], repeated: float = 0.0) -> tuple[Term, ...]:
    """The terms of the item's risk score, those of value zero left out; every term is >= 0, their sum is the score.

    Parameters
    ----------
    repeated : share of the text, in [0, 1], that stood in the former quarter's report.
    """
    amounts = amounts_of(item, repeated=repeated)
    return tuple(Term(name, value) for name, amount in amounts.items() if (value := round(weights[name] * amount, 2)) > 0)


def amounts_of(item: AnnotatedItem, *, repeated: float = 0.0) -> dict[str, float]:
    """How far each term of `labels.TERM_NAMES` applies to the item: what its weight is taken times; in [0, 1], severity in steps up to 3."""
    kinds = [problem.kind for problem in item.problems]
    text = item.item.text
    is_at_risk = item.status == AT_RISK
    amounts: dict[str, float] = {
        "severity": item.severity,
        "at_risk": item.probabilities[STATUSES.index(AT_RISK)] if is_at_risk else 0.0,
        "pace_gap": _gap(item) if is_at_risk else 0.0,
        "decline": item.basis == "decline",
        "blocked": is_at_risk and "blocked" in kinds and not has_way_forward(text),
        "spread": min(max(len(kinds) - 1, 0), _MOST_PROBLEMS) / _MOST_PROBLEMS,
        "external": "external" in kinds,
        "words_against_figures": item.words_against_figures,
        "low_rank": bool(find_low_rank(text)),
        "not_started_late": item.period.elapsed if item.status == NOT_STARTED and text else 0.0,
        "unfinished": item.status == IN_PROGRESS and item.period.elapsed >= 1.0,
        "repeated": repeated if text else 0.0,
        "no_report": not text,
    }
    return {name: float(amount) for name, amount in amounts.items()}


def rank(items: Sequence[AnnotatedItem], *, weights: Mapping[str, float], repeated: Collection[str] = ()) -> tuple[Risk, ...]:
    """All items whose score is above zero, worst first; on equal scores the more severe, then the order of the report.

    Parameters
    ----------
    repeated : the sources, as text, of the rows that only repeat what stood in the former quarter's report.
    """
    scored = []
    for position, item in enumerate(items):
        terms = score_item(item, weights=weights, repeated=float(str(item.item.source) in repeated))
        scored.append((round(sum(term.value for term in terms), 2), item.severity, position, item, terms))
    scored.sort(key=lambda entry: (-entry[0], -entry[1], entry[2]))
    risky = [entry for entry in scored if entry[0] > 0]
    return tuple(
        Risk(item, n, score, terms, explain(item, terms=[term.name for term in terms], rank=n, low_rank=find_low_rank(item.item.text)))
        for n, (score, _, _, item, terms) in enumerate(risky, start=1)
    )


def _gap(item: AnnotatedItem) -> float:
    """What is missing of what was expected by now, in [0, 1], in the worst figure; 1 where it moved the wrong way."""
    gaps = [0.0]
    for indicator in item.indicators:
        if indicator.verdict in BAD:
            part = reached(indicator.kind, verdict=Verdict(indicator.verdict, indicator.ratio, indicator.expected, ""))
            gaps.append(0.0 if part is None else min(1.0, max(0.0, 1 - part)))
    return max(gaps)


def find_low_rank(text: str) -> str:
    """The words of the text, without white space, by which it stands low among its peers; empty where it does not."""
    in_words, numbered, least = _low_rank()
    squeezed = squeeze(text)[0]
    folded = fold(squeezed)
    if match := in_words.search(folded):
        return squeezed[match.start() : match.end()]
    return next((squeezed[m.start() : m.end()] for m in numbered.finditer(folded) if int(m.group(1)) >= least), "")


@functools.cache
def _low_rank() -> tuple[re.Pattern[str], re.Pattern[str], int]:
    settings: Mapping[str, Any] = load_toml("ranking.toml")["low_rank"]
    return re.compile("|".join(settings["patterns"])), re.compile(settings["numbered"]), settings["from"]
