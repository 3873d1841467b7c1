"""How far two people agree on rows that both have reviewed: Cohen's kappa, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

from nlp.store.engine import Store
from nlp.store.fold import NOTE, SEVERITY, SPAN, STATEMENT, STATUS, Entry, State, first_state, fold, live_entries
from nlp.store.listing import read_run
from nlp.text import Span

BASIS = "basis"


@dataclass(frozen=True)
class Agreement:
    """One field, two people: cases that both have reviewed, those on which they agree, kappa in [-1, 1] (1 = always, 0 = as chance would).

    A case is a row; for `statement` a statement; for `span` a character of the text with the kind of problem that it belongs to, if any.
    """

    one: str
    other: str
    field: str
    n: int
    equal: int
    kappa: float


def agreements(store: Store, run: int) -> list[Agreement]:
    """Agreement of every two people who both corrected or confirmed some of the same rows, by name and field.

    What a person said of a row is the row as that person's last act that stands left it. The second saw what the first had done, so that kappa is an
    upper bound of what two people would reach who do not see each other's work.
    """
    said: dict[str, dict[int, tuple[State, int]]] = {}
    for row, state, entries in read_run(store, run):
        for who, left in views(first_state(state.item, row), entries).items():
            said.setdefault(who, {})[state.item] = (left, len(row["text"]))
    found = []
    for one, other in combinations(sorted(said), 2):
        shared = [(said[one][item], said[other][item]) for item in said[one] if item in said[other]]
        for field in (STATUS, BASIS, SEVERITY, STATEMENT, SPAN):
            cases = [pair for (a, length), (b, _) in shared for pair in zip(_cases(a, field, length), _cases(b, field, length), strict=True)]
            if cases:
                figure = kappa([left for left, _ in cases], [right for _, right in cases])
                found.append(Agreement(one, other, field, len(cases), sum(left == right for left, right in cases), round(figure, 4)))
    return found


def views(first: State, entries: Sequence[Entry]) -> dict[str, State]:
    """Person -> the row as the last act of that person that stands left it; notes alone do not count."""
    live = live_entries(entries)
    last = {entry.who: entry.revision for entry in live if entry.field != NOTE}
    return {who: fold(first, [entry for entry in live if entry.revision <= revision]) for who, revision in last.items()}


def _cases(state: State, field: str, length: int) -> list[Hashable]:
    if field == STATEMENT:
        return [status for _, status in state.statements]
    if field == SPAN:
        kinds = [""] * length
        # Inner spans last, so that they stand above the ones that hold them.
        for span, kind in sorted(state.problems, key=lambda problem: problem[0].start - problem[0].end):
            kinds[span.start : span.end] = [kind] * _length(span)
        return list(kinds)
    return [{STATUS: state.status, BASIS: state.basis, SEVERITY: state.severity}[field]]


def _length(span: Span) -> int:
    return span.end - span.start


def kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Cohen's kappa of two people's labels on the same cases, in [-1, 1]; 1 where both gave one and the same label throughout."""
    n = len(one)
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / n
    counts, others = Counter(one), Counter(other)
    chance = sum(counts[label] * others[label] for label in counts) / n**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)
