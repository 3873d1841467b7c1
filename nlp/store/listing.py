"""Reading rows: pages of a run, the state of one row, its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Table, func, or_, select

from nlp.errors import StoreError
from nlp.labels import BASES, STATUSES
from nlp.store.engine import Store, reading
from nlp.store.fold import REVIEWS, Entry, State, by_item, first_state, fold
from nlp.store.runs import as_json, chunks
from nlp.store.tables import items as items_table
from nlp.store.tables import labels, lines, predictions, states

SORTS: Final = ("order", "risk", "doubt", "next")
MOST_ROWS: Final = 1000


@dataclass(frozen=True)
class Filter:
    """Which rows of a run: all conditions given must hold. `words` are looked for in task and text, each word apart by blanks.

    `status`, `basis` and `review` (pending, corrected, confirmed) are of the present state, `unit` is one of the row's units.
    """

    status: str | None = None
    unit: str | None = None
    basis: str | None = None
    words: str = ""
    review: str | None = None
    needs_review: bool | None = None


@dataclass(frozen=True)
class Listed:
    """A row in a list: what stands in the report, the present labels, and `row`, the program's line of `items.jsonl`."""

    item: int
    position: int
    number: str
    task: str
    units: tuple[str, ...]
    text: str
    revision: int
    review: str
    status: str
    basis: str | None
    severity: int
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and how many there are in all."""

    rows: tuple[Listed, ...]
    total: int


def items(store: Store, run: int, *, filter: Filter | None = None, sort: str = "order", offset: int = 0, limit: int = 50) -> Page:
    """A page of the rows of a run.

    Parameters
    ----------
    sort : `order` of the report, `risk` rank (rows outside the ranked list last), `doubt` (least confident first), or `next` (what rules, figures
        and model disagree on first, then by doubt).
    limit : at most `MOST_ROWS`.

    Raises
    ------
    StoreError : the sort or a value of the filter is unknown.
    """
    if sort not in SORTS:
        raise StoreError(f"不能按 {sort!r} 排序", remedy=f"可用 {'、'.join(SORTS)}")
    conditions = _conditions(store, run, filter or Filter())
    order: dict[str, tuple[Any, ...]] = {
        "order": (),
        "risk": (predictions.c.risk_rank.is_(None), predictions.c.risk_rank),
        "doubt": (predictions.c.confidence,),
        "next": (predictions.c.disagreements.desc(), predictions.c.confidence),
    }
    # First the keys alone, so that long texts are read for the rows of the page only.
    keys = _joined(select(items_table.c.id)).where(*conditions).order_by(*order[sort], items_table.c.position)
    with reading(store) as connection:
        total = connection.scalar(_joined(select(func.count())).where(*conditions)) or 0
        ids = connection.scalars(keys.offset(max(0, offset)).limit(min(limit, MOST_ROWS))).all()
        columns: tuple[Any, ...] = (items_table, lines.c.row, *(c for c in states.c if c.name != "item_id"))
        found = {row.id: row for row in connection.execute(_joined(select(*columns), lines).where(items_table.c.id.in_(ids)))}
    return Page(tuple(listed_row(found[item]) for item in ids), total)


def _joined(query: Select[Any], *more: Table) -> Select[Any]:
    """The query over items with their predictions and states, and with `more` tables that have a row an item."""
    joined: FromClause = items_table
    for table in (predictions, states, *more):
        joined = joined.join(table, table.c.item_id == items_table.c.id)
    return query.select_from(joined)


def _conditions(store: Store, run: int, chosen: Filter) -> list[ColumnElement[bool]]:
    for value, allowed, name in ((chosen.status, STATUSES, "状态"), (chosen.basis, BASES, "依据"), (chosen.review, REVIEWS, "核对情况")):
        if value is not None and value not in allowed:
            raise StoreError(f"{name}为 {value!r}，应为 {'、'.join(allowed)} 之一")
    conditions: list[ColumnElement[bool]] = [items_table.c.run_id == run]
    if chosen.status:
        conditions.append(states.c.status == chosen.status)
    if chosen.basis:
        conditions.append(states.c.basis == chosen.basis)
    if chosen.review:
        conditions.append(states.c.review == chosen.review)
    if chosen.needs_review is not None:
        conditions.append(predictions.c.needs_review == chosen.needs_review)
    if chosen.unit:
        conditions.append(items_table.c.units.contains(as_json(chosen.unit), autoescape=True))
    for word in chosen.words.split():
        columns = (items_table.c.task, items_table.c.text)
        # SQLite's LIKE takes no heed of case by itself, and is quicker so.
        conditions.append(or_(*(c.contains(word, autoescape=True) if store.is_sqlite else c.icontains(word, autoescape=True) for c in columns)))
    return conditions


def listed_row(row: Row[Any]) -> Listed:
    """A row of items, predictions and states, joined, as listed."""
    return Listed(
        item=row.id,
        position=row.position,
        number=row.number,
        task=row.task,
        units=tuple(json.loads(row.units)),
        text=row.text,
        revision=row.revision,
        review=row.review,
        status=row.status,
        basis=row.basis,
        severity=row.severity,
        row=json.loads(row.row),
    )


def revisions(store: Store, run: int, *, filter: Filter | None = None) -> dict[int, int]:
    """Item -> present revision of all rows that the filter lets through: what `confirm_all` wants to know was seen."""
    query = _joined(select(items_table.c.id, states.c.revision)).where(*_conditions(store, run, filter or Filter())).order_by(items_table.c.id)
    with reading(store) as connection:
        return {row.id: row.revision for row in connection.execute(query)}


def state(store: Store, item: int) -> State:
    """The present state of a row; raises `StoreError` where there is no such row."""
    with reading(store) as connection:
        return read_state(connection, item)[0]


def read_state(connection: Connection, item: int) -> tuple[State, list[Entry], str]:
    """Present state, history and status text of a row; raises `StoreError` where there is no such row."""
    found = read_states(connection, [item])
    if item not in found:
        raise StoreError(f"没有编号为 {item} 的行")
    return found[item]


def read_states(connection: Connection, chosen: Sequence[int]) -> dict[int, tuple[State, list[Entry], str]]:
    """Item -> present state, history and status text, of those of the items that there are."""
    histories = by_item(read_entries(connection, chosen))
    found = {}
    for part in chunks(chosen):
        for item, line in connection.execute(select(lines).where(lines.c.item_id.in_(part))):
            row, own = json.loads(line), histories.get(item, [])
            found[item] = fold(first_state(item, row), own), own, row["text"]
    return found


def history(store: Store, item: int) -> tuple[Entry, ...]:
    """All that was ever done to a row, oldest first; what was taken back stands there too, followed by the taking back."""
    with reading(store) as connection:
        return tuple(read_entries(connection, [item]))


def read_entries(connection: Connection, chosen: Sequence[int]) -> list[Entry]:
    """The history of some items, oldest first."""
    found: list[Row[Any]] = []
    for part in chunks(chosen):
        found += connection.execute(select(labels).where(labels.c.item_id.in_(part)))
    return [_entry(row) for row in sorted(found, key=lambda row: row.id)]


def read_run(store: Store, run: int) -> list[tuple[Mapping[str, Any], State, list[Entry]]]:
    """All rows of a run in report order: the program's row, the present state, the history. Raises `StoreError` for an unknown run."""
    of_run = items_table.c.run_id == run
    with reading(store) as connection:
        rows = connection.execute(
            select(items_table.c.id, lines.c.row).join(lines, lines.c.item_id == items_table.c.id).where(of_run).order_by(items_table.c.position)
        ).all()
        entries = connection.execute(select(labels).join(items_table, items_table.c.id == labels.c.item_id).where(of_run).order_by(labels.c.id)).all()
    if not rows:
        raise StoreError(f"标注库里没有第 {run} 次判读", where=store.name)
    grouped = by_item([_entry(row) for row in entries])
    found = []
    for item, line in rows:
        row = json.loads(line)
        own = grouped.get(item, [])
        found.append((row, fold(first_state(item, row), own), own))
    return found


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        item=row.item_id,
        act=row.act,
        revision=row.revision,
        who=row.who,
        at=row.at,
        kind=row.kind,
        field=row.field,
        target=row.target,
        before=json.loads(row.before),
        after=json.loads(row.after),
        why=row.why,
        undoes=row.undoes,
    )
