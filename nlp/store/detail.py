"""One row with all that is known of it, and the counts of a run, for the screen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from nlp.errors import StoreError
from nlp.store.engine import Store, reading
from nlp.store.fold import REVIEWS, Entry, State, first_state, fold
from nlp.store.listing import Listed, listed_row, read_entries
from nlp.store.tables import items, lines, states


@dataclass(frozen=True)
class Detail:
    """A row of the run `run`: as listed, its present state, its history (oldest first)."""

    run: int
    listed: Listed
    state: State
    history: tuple[Entry, ...]


def detail(store: Store, item: int) -> Detail:
    """The row with its state and history, all of one moment; raises `StoreError` where there is no such row."""
    joined = items.join(lines, lines.c.item_id == items.c.id).join(states, states.c.item_id == items.c.id)
    columns: list[Any] = [items, lines.c.row, *(c for c in states.c if c.name != "item_id")]
    with reading(store) as connection:
        found = connection.execute(select(*columns).select_from(joined).where(items.c.id == item)).one_or_none()
        if found is None:
            raise StoreError(f"没有编号为 {item} 的行")
        entries = read_entries(connection, [item])
    listed = listed_row(found)
    return Detail(found.run_id, listed, fold(first_state(item, listed.row), entries), tuple(entries))


def reviews(store: Store, *, run: int | None = None) -> dict[int, dict[str, int]]:
    """Run -> rows pending, corrected and confirmed; of all runs, or of one."""
    query = select(items.c.run_id, states.c.review, func.count()).join(items, items.c.id == states.c.item_id).group_by(items.c.run_id, states.c.review)
    if run is not None:
        query = query.where(items.c.run_id == run)
    counts: dict[int, dict[str, int]] = {}
    with reading(store) as connection:
        for number, review, count in connection.execute(query):
            counts.setdefault(number, dict.fromkeys(REVIEWS, 0))[review] = count
    return counts


def units(store: Store, run: int) -> Mapping[str, int]:
    """Lead and other units of the run's rows with the number of rows that name them, the most often named first."""
    with reading(store) as connection:
        named = connection.execute(select(items.c.units, func.count()).where(items.c.run_id == run).group_by(items.c.units)).all()
    counts: Counter[str] = Counter()
    for line, count in named:
        for unit in dict.fromkeys(json.loads(line)):
            counts[unit] += count
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
