"""The tables of the store. `labels` only grows; `states` is the fold of it, kept beside so that thousands of rows are sorted and filtered quickly.

What is JSON is kept as text, times as ISO 8601 in UTC, so that SQLite and PostgreSQL hold the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

# The newest revision in `migrations/versions`; a store that has it is opened without Alembic.
HEAD: Final = "0003"

metadata: Final = MetaData()

# One run of the program over one report. `file_hash` is that of the report file (empty where it was not at hand), `digest` that of the rows,
# `kept` what `run.json` says of the report beside them (`nlp.report_facts`).
runs: Final = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("file_hash", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("period", String(16), nullable=False),
    Column("place", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("yardstick", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("kept", Text, nullable=False, server_default="{}"),
)

# One row of the report; `position` is its place in it, from 1.
items: Final = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("units", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),
    UniqueConstraint("run_id", "position"),
)

# What the program said of an item: what rows are sorted by here, the whole row of `items.jsonl` in `lines`, so that a sort reads little.
predictions: Final = Table(
    "predictions",
    metadata,
    Column("item_id", Integer, ForeignKey("items.id"), primary_key=True),
    Column("model", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("risk_score", Float, nullable=False),
    Column("risk_rank", Integer),
    Column("needs_review", Boolean, nullable=False),
    Column("disagreements", Integer, nullable=False),
)

lines: Final = Table(
    "lines",
    metadata,
    Column("item_id", Integer, ForeignKey("items.id"), primary_key=True),
    Column("row", Text, nullable=False),
)

# One row a field changed. What was done at once shares `act`; on one item it also shares `revision` and is told apart by `part`.
# `undoes` names the revision of the item that a row takes back: each can be taken back once.
labels: Final = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("act", String(32), nullable=False),
    Column("item_id", Integer, ForeignKey("items.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(16), CheckConstraint("kind IN ('corrected', 'confirmed', 'undone')", name="kind"), nullable=False),
    Column("field", String(16), CheckConstraint("field IN ('status', 'statement', 'span', 'severity', 'note', 'all')", name="field"), nullable=False),
    Column("target", String(32), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("undoes", Integer),
    UniqueConstraint("item_id", "revision", "part"),
    UniqueConstraint("item_id", "undoes", "part"),
    Index("labels_act", "act"),
    Index("labels_who", "who", "id"),
)

states: Final = Table(
    "states",
    metadata,
    Column("item_id", Integer, ForeignKey("items.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("review", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("basis", String(16)),
    Column("severity", Integer, nullable=False),
)
