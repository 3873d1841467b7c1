"""Runs: what the program read and said once, taken into the store to be reviewed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, text, update

from nlp.errors import StoreError
from nlp.labels import STATUS_NAMES, STATUSES
from nlp.report_facts import ReportFacts, facts_of
from nlp.store.engine import Store, reading, write
from nlp.store.fold import PENDING
from nlp.store.tables import items, lines, predictions, runs, states

_NEEDED: Final = (
    *("report", "number", "task", "units", "text", "period", "status", "basis", "probabilities", "confidence", "needs_review"),
    *("statements", "problems", "severity", "risk", "source"),
)
# Below what SQLite and PostgreSQL allow of parameters in one query.
_CHUNK: Final = 5000


@dataclass(frozen=True)
class Run:
    """One run over one report; `file_hash` is empty where the report was not at hand, `at` is ISO 8601 in UTC."""

    id: int
    file: str
    file_hash: str
    title: str
    period: str
    place: str
    model: str
    yardstick: str
    at: str


def now() -> str:
    """The time as the store keeps it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def as_json(value: object) -> str:
    """JSON as the store keeps it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Keys in parts that one query can hold."""
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


@dataclass(frozen=True)
class Taken:
    """A run that was brought to the store: `is_new` where its rows were not there yet, `is_renewed` where only what was kept beside them changed."""

    run: Run
    rows: int
    is_new: bool
    is_renewed: bool = False


def add_run(store: Store, rows: Sequence[Mapping[str, Any]], *, model: str = "", yardstick: str = "", file_hash: str = "") -> Run:
    """The run that `take_run` gives."""
    return take_run(store, rows, model=model, yardstick=yardstick, file_hash=file_hash).run


def take_run(
    store: Store,
    rows: Sequence[Mapping[str, Any]],
    *,
    model: str = "",
    yardstick: str = "",
    file_hash: str = "",
    kept: Mapping[str, Any] | None = None,
) -> Taken:
    """Take the rows of one report (as in `items.jsonl`, in report order) into the store; the same rows again give the run that is there.

    Parameters
    ----------
    model, yardstick : ids, as in `run.json`.
    file_hash : SHA-256 of the report file, where it is at hand.
    kept : as `report_facts.kept_of` gives it; what the same rows were last brought with counts, and nothing given leaves it as it is.

    Raises
    ------
    StoreError : there are no rows, or a row lacks a key; nothing was taken in.
    """
    if not rows:
        raise StoreError("没有行可以入库")
    for n, row in enumerate(rows, start=1):
        missing = [key for key in _NEEDED if key not in row]
        if missing or row["status"] not in STATUSES:
            raise StoreError(f"缺少 {'、'.join(missing)}" if missing else f"不认识的状态 {row['status']!r}", where=f"第 {n} 行", remedy="应为 items.jsonl 的行")
    digest = sha256(json.dumps([list(rows), model, yardstick], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    first = rows[0]
    values = {
        "file": str(first["source"].get("file", "")),
        "file_hash": file_hash,
        "digest": digest,
        "title": first["report"],
        "period": first["period"],
        "place": first.get("place", ""),
        "model": model,
        "yardstick": yardstick,
    }

    beside = as_json(kept) if kept else ""

    def act(connection: Connection) -> Taken:
        if not store.is_sqlite:
            # Two clients that bring the same rows at once: the second waits, and finds them.
            connection.execute(text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
        found = connection.execute(select(runs).where(runs.c.digest == digest)).one_or_none()
        if found is None:
            connection.execute(insert(runs).values(**values, at=now(), kept=beside or "{}"))
            found = connection.execute(select(runs).where(runs.c.digest == digest)).one()
            _add_rows(connection, found.id, rows, model=model)
            return Taken(_run(found), len(rows), is_new=True)
        is_renewed = beside not in {"", found.kept}
        if is_renewed:
            connection.execute(update(runs).where(runs.c.id == found.id).values(kept=beside))
        return Taken(_run(found), len(rows), is_new=False, is_renewed=is_renewed)

    return write(store, act)


def _add_rows(connection: Connection, run: int, rows: Sequence[Mapping[str, Any]], *, model: str) -> None:
    connection.execute(
        insert(items),
        [
            {
                "run_id": run,
                "position": n,
                "number": row["number"],
                "task": row["task"],
                "units": as_json(row["units"]),
                "text": row["text"],
                "source": as_json(row["source"]),
            }
            for n, row in enumerate(rows, start=1)
        ],
    )
    ids = connection.scalars(select(items.c.id).where(items.c.run_id == run).order_by(items.c.position)).all()
    connection.execute(
        insert(predictions),
        [
            {
                "item_id": item,
                "model": model,
                "confidence": row["confidence"],
                "risk_score": row["risk"]["score"],
                "risk_rank": row["risk"]["rank"],
                "needs_review": row["needs_review"],
                "disagreements": len(disagreements(row)),
            }
            for item, row in zip(ids, rows, strict=True)
        ],
    )
    connection.execute(insert(lines), [{"item_id": item, "row": as_json(row)} for item, row in zip(ids, rows, strict=True)])
    first = [
        {"item_id": item, "revision": 0, "review": PENDING, "status": row["status"], "basis": row["basis"], "severity": row["severity"]}
        for item, row in zip(ids, rows, strict=True)
    ]
    connection.execute(insert(states), first)


def disagreements(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What in a row of the program does not agree: rules with model, words with figures; a Chinese line each."""
    rules = row.get("rules_status")
    return (
        *((f"规则判为{STATUS_NAMES[rules]}，模型不然",) if rules else ()),
        *(("文字与数字不合",) if row.get("words_against_figures") else ()),
    )


def list_runs(store: Store) -> tuple[Run, ...]:
    """All runs, oldest first."""
    with reading(store) as connection:
        return tuple(_run(found) for found in connection.execute(select(runs).order_by(runs.c.id)))


def read_facts(store: Store, run: int) -> ReportFacts:
    """What is known of the report beside its rows; raises `StoreError` for an unknown run."""
    with reading(store) as connection:
        found = connection.execute(select(runs.c.file, runs.c.kept).where(runs.c.id == run)).one_or_none()
    if found is None:
        raise StoreError(f"标注库里没有第 {run} 次判读", where=store.name)
    return facts_of(json.loads(found.kept), file=found.file)


def _run(found: Row[Any]) -> Run:
    return Run(found.id, found.file, found.file_hash, found.title, found.period, found.place, found.model, found.yardstick, found.at)
