"""What people do to rows: correct, confirm, undo. Every act is new rows in `labels`, written in one transaction with the present state beside them.

An act names the revision that it was made on. Where the row has moved on since, it is refused with who changed what and when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, bindparam, func, insert, select, update

from nlp.errors import ConflictError, StoreError
from nlp.store.checks import check_person, settle
from nlp.store.engine import Store, write
from nlp.store.fold import ALL, CONFIRMED, CORRECTED, UNDONE, Change, Entry, State, by_item, describe, live_entries
from nlp.store.listing import read_entries, read_state, read_states
from nlp.store.runs import as_json, chunks, now
from nlp.store.tables import items, labels, states

_MOST_NAMED: Final = 3


@dataclass(frozen=True)
class Confirmed:
    """What `confirm_all` did: rows confirmed, and what others did to the rows that were left alone because they had changed."""

    items: tuple[int, ...]
    left: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Undone:
    """What `undo` took back: its rows, and what others have done since to rows of the same act that therefore stay as they are."""

    items: tuple[int, ...]
    left: tuple[Entry, ...] = ()


def correct(store: Store, item: int, changes: Sequence[Change], *, who: str, on_revision: int, why: str = "") -> State:
    """Change fields of a row at once; the state after. Changes that change nothing leave no trace.

    Raises
    ------
    ConflictError : the row is not at `on_revision` any more; nothing was written.
    StoreError : the row does not exist, a change is not allowed (`nlp.store.checks`), the database stayed busy; nothing was written.
    """
    name = check_person(who)

    def act(connection: Connection) -> State:
        state, text = _present(connection, item, on_revision)
        settled = settle(state, changes, text=text)
        rows = [(change.field, change.target, before, change.to) for change, before in settled]
        return _write_one(connection, state, rows, who=name, kind=CORRECTED, why=why)

    return write(store, act)


def confirm(store: Store, item: int, *, who: str, on_revision: int, why: str = "") -> State:
    """Say that a row is right as it stands; the state after. Once more by the same person leaves no trace. Raises as `correct` does."""
    name = check_person(who)

    def act(connection: Connection) -> State:
        state, _ = _present(connection, item, on_revision)
        is_done = state.review == CONFIRMED and state.who == name
        rows = [] if is_done else [(ALL, "", state.review, CONFIRMED)]
        return _write_one(connection, state, rows, who=name, kind=CONFIRMED, why=why)

    return write(store, act)


def confirm_all(store: Store, seen: Mapping[int, int], *, who: str, why: str = "") -> Confirmed:
    """Confirm many rows as one act, which one `undo` takes back.

    Parameters
    ----------
    seen : item -> revision that was seen, as `revisions(store, run, filter=...)` gives it. A row that has another revision by now is left alone; rows
        confirmed already stay as they are.

    Raises
    ------
    StoreError : a row does not exist, or the database stayed busy; nothing was written.
    """
    name = check_person(who)

    def act(connection: Connection) -> Confirmed:
        present = _lock(connection, list(seen))
        if missing := seen.keys() - present.keys():
            raise StoreError(f"没有编号为 {min(missing)} 的行")
        stale = [item for item, (revision, _) in present.items() if revision != seen[item]]
        chosen = {item: (revision, review) for item, (revision, review) in present.items() if revision == seen[item] and review != CONFIRMED}
        at, code = now(), uuid4().hex
        entries = [Entry(item, code, revision + 1, name, at, CONFIRMED, ALL, "", review, CONFIRMED, why, None) for item, (revision, review) in chosen.items()]
        _insert(connection, entries)
        rows = [{"key": item, "new_revision": revision + 1} for item, (revision, _) in chosen.items()]
        if rows:
            query = update(states).where(states.c.item_id == bindparam("key")).values(revision=bindparam("new_revision"), review=CONFIRMED)
            connection.execute(query, rows)
        since = [entry for entry in read_entries(connection, stale) if entry.revision > seen[entry.item]]
        return Confirmed(tuple(chosen), tuple(since))

    return write(store, act)


def undo(store: Store, *, who: str, item: int | None = None) -> Undone:
    """Take back the last act of this person that stands, on `item` alone where it is given; again and again, back to the first.

    Only the last act on a row can be taken back. Rows of a larger act that others have changed since stay, the others go back.

    Raises
    ------
    ConflictError : others have changed the row, or every row of the act, since.
    StoreError : nothing of this person is left to take back, or the database stayed busy.
    """
    name = check_person(who)

    def act(connection: Connection) -> Undone:
        before: int | None = None
        while True:
            found = _last_act(connection, name, item=item, before=before)
            if found is None:
                raise StoreError(f"{name} 没有可以撤销的操作")
            code, chosen, before = found
            _lock(connection, chosen)
            histories = by_item(read_entries(connection, chosen))
            ready, blocking = _split(histories, code)
            if ready:
                return _take_back(connection, histories, ready, blocking, who=name)
            was_told = item is None and any(entry.act == code and _is_undone(entry, own) for own in histories.values() for entry in own)
            if blocking and not was_told:
                raise _conflict(connection, blocking[0].item, [entry for entry in blocking if entry.item == blocking[0].item])

    return write(store, act)


def _present(connection: Connection, item: int, on_revision: int) -> tuple[State, str]:
    """The present state of a row that nobody else can change until the end of the transaction, and its text."""
    _lock(connection, [item])
    state, entries, text = read_state(connection, item)
    if state.revision != on_revision:
        since = [entry for entry in entries if entry.revision > on_revision]
        raise _conflict(connection, item, since) if since else StoreError(f"编号为 {item} 的行没有第 {on_revision} 版，现为第 {state.revision} 版")
    return state, text


def _lock(connection: Connection, chosen: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Item -> (revision, review); on PostgreSQL the rows stay locked (always in one order), on SQLite the whole file is already."""
    found: dict[int, tuple[int, str]] = {}
    for part in chunks(sorted(chosen)):
        query = select(states.c.item_id, states.c.revision, states.c.review).where(states.c.item_id.in_(part)).order_by(states.c.item_id)
        found |= {item: (revision, review) for item, revision, review in connection.execute(query.with_for_update())}
    return found


def _conflict(connection: Connection, item: int, since: Sequence[Entry]) -> ConflictError:
    number, position = connection.execute(select(items.c.number, items.c.position).where(items.c.id == item)).one()
    named = "；".join(describe(entry) for entry in since[-_MOST_NAMED:])
    return ConflictError(f"这一行已有人改过：{named}", where=f"第 {number or position} 项", remedy="请看过现在的内容再改", entries=tuple(since))


def _write_one(connection: Connection, state: State, rows: Sequence[tuple[str, str, Any, Any]], *, who: str, kind: str, why: str) -> State:
    """Write one act on one row, and return the state after it; without rows nothing is written."""
    if not rows:
        return state
    at, code = now(), uuid4().hex
    _insert(
        connection,
        [Entry(state.item, code, state.revision + 1, who, at, kind, field, target, before, after, why, None) for field, target, before, after in rows],
    )
    return _refresh(connection, [state.item])[state.item]


def _refresh(connection: Connection, chosen: Sequence[int]) -> dict[int, State]:
    """Fold the histories of rows anew and put the outcome beside them."""
    folded = {item: state for item, (state, _, _) in read_states(connection, chosen).items()}
    rows = [
        {"key": item, "new_revision": s.revision, "new_review": s.review, "new_status": s.status, "new_basis": s.basis, "new_severity": s.severity}
        for item, s in folded.items()
    ]
    columns = ("revision", "review", "status", "basis", "severity")
    connection.execute(update(states).where(states.c.item_id == bindparam("key")).values({name: bindparam(f"new_{name}") for name in columns}), rows)
    return folded


def _insert(connection: Connection, entries: Sequence[Entry]) -> None:
    parts: dict[tuple[int, int], int] = {}
    rows = []
    for entry in entries:
        part = parts[entry.item, entry.revision] = parts.get((entry.item, entry.revision), -1) + 1
        rows.append(
            {
                "act": entry.act,
                "item_id": entry.item,
                "revision": entry.revision,
                "part": part,
                "who": entry.who,
                "at": entry.at,
                "kind": entry.kind,
                "field": entry.field,
                "target": entry.target,
                "before": as_json(entry.before),
                "after": as_json(entry.after),
                "why": entry.why,
                "undoes": entry.undoes,
            }
        )
    if rows:
        connection.execute(insert(labels), rows)


def _last_act(connection: Connection, who: str, *, item: int | None, before: int | None) -> tuple[str, list[int], int] | None:
    """The last act of a person that stands on some row: its code, its items (or `item` alone), and its first id."""
    later = labels.alias()
    is_undone = select(later.c.id).where(later.c.item_id == labels.c.item_id, later.c.undoes == labels.c.revision).exists()
    query = select(labels.c.act).where(labels.c.who == who, labels.c.kind != UNDONE, ~is_undone)
    if item is not None:
        query = query.where(labels.c.item_id == item)
    if before is not None:
        query = query.where(labels.c.id < before)
    code = connection.scalar(query.order_by(labels.c.id.desc()).limit(1))
    if code is None:
        return None
    chosen = [item] if item is not None else connection.scalars(select(labels.c.item_id).where(labels.c.act == code).distinct()).all()
    return code, list(chosen), connection.execute(select(func.min(labels.c.id)).where(labels.c.act == code)).scalar_one()


def _split(histories: Mapping[int, Sequence[Entry]], code: str) -> tuple[dict[int, int], list[Entry]]:
    """Item -> revision of the act where it is the last that stands; and what stands above it elsewhere."""
    ready: dict[int, int] = {}
    blocking: list[Entry] = []
    for item, own in histories.items():
        live = live_entries(own)
        revision = next((entry.revision for entry in live if entry.act == code), None)
        above = [entry for entry in live if revision is not None and entry.revision > revision]
        if above:
            blocking += above
        elif revision is not None:
            ready[item] = revision
    return ready, blocking


def _is_undone(entry: Entry, own: Sequence[Entry]) -> bool:
    return any(other.undoes == entry.revision for other in own)


def _take_back(connection: Connection, histories: Mapping[int, Sequence[Entry]], ready: Mapping[int, int], blocking: Sequence[Entry], *, who: str) -> Undone:
    at, code = now(), uuid4().hex
    entries = []
    for item, undone in ready.items():
        newest = max(entry.revision for entry in histories[item])
        # What was changed last goes back first.
        for entry in reversed([entry for entry in histories[item] if entry.revision == undone]):
            entries.append(Entry(item, code, newest + 1, who, at, UNDONE, entry.field, entry.target, entry.after, entry.before, "", undone))
    _insert(connection, entries)
    _refresh(connection, list(ready))
    return Undone(tuple(ready), tuple(blocking))
