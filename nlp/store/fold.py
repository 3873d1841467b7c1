"""The present state of a row: the program's row with the labels of people laid over it, oldest first. Pure functions, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from nlp.labels import BASIS_NAMES, PROBLEM_NAMES, SEVERITY_NAMES, STATUS_NAMES
from nlp.text import Span

PENDING: Final = "pending"
CORRECTED: Final = "corrected"
CONFIRMED: Final = "confirmed"
UNDONE: Final = "undone"
REVIEWS: Final = (PENDING, CORRECTED, CONFIRMED)
REVIEW_NAMES: Final = {PENDING: "待核", CORRECTED: "已改", CONFIRMED: "已确认"}

STATUS: Final = "status"
STATEMENT: Final = "statement"
SPAN: Final = "span"
SEVERITY: Final = "severity"
NOTE: Final = "note"
# A confirmation is about the row as a whole.
ALL: Final = "all"
FIELD_NAMES: Final = {STATUS: "状态", STATEMENT: "语句", SPAN: "问题语句", SEVERITY: "严重程度", NOTE: "备注", ALL: "核对"}


@dataclass(frozen=True)
class Change:
    """A field of a row and its new value; made by `set_status`, `set_statement`, `set_span`, `set_severity`, `set_note`.

    `target` is the place of a statement or span in the status text, `START-END`, else empty. `to` by field: status {status, basis}, statement a
    status, span a kind of problem or None (no span there), severity 0 to 3, note a text.
    """

    field: str
    to: Any
    target: str = ""


@dataclass(frozen=True)
class Entry:
    """One row of the history. What was done at once shares `act`, and on one item `revision`; `undoes` is the revision that was taken back."""

    item: int
    act: str
    revision: int
    who: str
    at: str
    kind: str
    field: str
    target: str
    before: Any
    after: Any
    why: str
    undoes: int | None


@dataclass(frozen=True)
class State:
    """A row as it stands. `revision` counts what was done to it, from 0; `who` and `at` (ISO 8601, UTC) are of the last act that stands, else empty."""

    item: int
    revision: int
    review: str
    status: str
    basis: str | None
    severity: int
    statements: tuple[tuple[Span, str], ...]
    problems: tuple[tuple[Span, str], ...]
    note: str = ""
    who: str = ""
    at: str = ""


def set_status(status: str, *, basis: str | None = None) -> Change:
    """The item's status; `basis` only with `at_risk`, where left out the one in place, else `stated`."""
    return Change(STATUS, {"status": status, "basis": basis})


def set_statement(span: Span, status: str) -> Change:
    """The status of the statement at `span`."""
    return Change(STATEMENT, status, place_of(span))


def set_span(span: Span, kind: str | None) -> Change:
    """The kind of the problem statement at `span`; a span that is not there yet is added, with None it is taken out."""
    return Change(SPAN, kind, place_of(span))


def set_severity(severity: int) -> Change:
    """The severity, 0 to 3."""
    return Change(SEVERITY, severity)


def set_note(note: str) -> Change:
    """The note on the row; it changes no label and leaves the row pending, corrected or confirmed as it was."""
    return Change(NOTE, note)


def place_of(span: Span) -> str:
    """A span as the target of a change."""
    return f"{span.start}-{span.end}"


def span_at(target: str) -> Span:
    """The span that a target names; raises `ValueError` where it names none."""
    start, end = target.split("-")
    return Span(int(start), int(end))


def first_state(item: int, row: Mapping[str, Any]) -> State:
    """The state of a row that nobody has touched, from its line of `items.jsonl`."""
    return State(
        item=item,
        revision=0,
        review=PENDING,
        status=row["status"],
        basis=row["basis"],
        severity=row["severity"],
        statements=tuple((Span(s["start"], s["end"]), s["status"]) for s in row["statements"]),
        problems=tuple(sorted({Span(p["start"], p["end"]): p["kind"] for p in row["problems"]}.items())),
    )


def live_entries(entries: Sequence[Entry]) -> list[Entry]:
    """The entries of one item that stand: neither taken back, nor themselves a taking back; oldest first."""
    undone = {entry.undoes for entry in entries}
    return [entry for entry in entries if entry.kind != UNDONE and entry.revision not in undone]


def fold(first: State, entries: Sequence[Entry]) -> State:
    """The state after all entries of the item, oldest first; `first` is its `first_state`."""
    state = first
    for entry in live_entries(entries):
        state = replace(apply(state, entry.field, entry.target, entry.after), who=entry.who, at=entry.at)
        if entry.field != NOTE:
            state = replace(state, review=entry.kind)
    return replace(state, revision=max((entry.revision for entry in entries), default=0))


def apply(state: State, field: str, target: str, value: Any) -> State:
    """The state with one field changed."""
    if field == STATUS:
        return replace(state, status=value["status"], basis=value["basis"])
    if field == STATEMENT:
        place = span_at(target)
        return replace(state, statements=tuple((span, value if span == place else status) for span, status in state.statements))
    if field == SPAN:
        kinds = dict(state.problems)
        if value is None:
            kinds.pop(span_at(target), None)
        else:
            kinds[span_at(target)] = value
        return replace(state, problems=tuple(sorted(kinds.items())))
    if field == SEVERITY:
        return replace(state, severity=value)
    return replace(state, note=value) if field == NOTE else state


def value_of(state: State, field: str, target: str) -> Any:
    """What stands in a field, in the form in which a change names it."""
    if field == STATUS:
        return {"status": state.status, "basis": state.basis}
    if field == STATEMENT:
        return dict(state.statements).get(span_at(target))
    if field == SPAN:
        return dict(state.problems).get(span_at(target))
    return {SEVERITY: state.severity, NOTE: state.note, ALL: state.review}[field]


def describe(entry: Entry) -> str:
    """An entry in one Chinese line: who, when (local time), what."""
    when = datetime.fromisoformat(entry.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    act = "撤销" if entry.kind == UNDONE else ""
    where = f"（第 {entry.target} 字）" if entry.target else ""
    return f"{entry.who} 于 {when} {act}{FIELD_NAMES[entry.field]}{where}：{_name(entry.field, entry.before)} → {_name(entry.field, entry.after)}"


def _name(field: str, value: Any) -> str:
    if field == STATUS:
        basis = BASIS_NAMES.get(value["basis"] or "")
        return STATUS_NAMES[value["status"]] + (f"（{basis}）" if basis else "")
    tables: dict[str, Mapping[Any, str]] = {STATEMENT: STATUS_NAMES, SPAN: PROBLEM_NAMES, SEVERITY: SEVERITY_NAMES, ALL: REVIEW_NAMES}
    return tables.get(field, {}).get(value, str(value or "无"))


def by_item(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Entries grouped by item, in their order."""
    grouped: dict[int, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.item, []).append(entry)
    return grouped
