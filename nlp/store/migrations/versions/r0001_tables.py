"""Runs, items, predictions, labels with history, and the present states."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("yardstick", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("units", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.UniqueConstraint("run_id", "position"),
    )
    op.create_table(
        "predictions",
        sa.Column("item_id", sa.Integer, sa.ForeignKey("items.id"), primary_key=True),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("risk_score", sa.Float, nullable=False),
        sa.Column("risk_rank", sa.Integer),
        sa.Column("needs_review", sa.Boolean, nullable=False),
        sa.Column("disagreements", sa.Integer, nullable=False),
    )
    op.create_table(
        "lines",
        sa.Column("item_id", sa.Integer, sa.ForeignKey("items.id"), primary_key=True),
        sa.Column("row", sa.Text, nullable=False),
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("item_id", sa.Integer, sa.ForeignKey("items.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), sa.CheckConstraint("kind IN ('corrected', 'confirmed', 'undone')", name="kind"), nullable=False),
        sa.Column(
            "field", sa.String(16), sa.CheckConstraint("field IN ('status', 'statement', 'span', 'severity', 'note', 'all')", name="field"), nullable=False
        ),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("undoes", sa.Integer),
        sa.UniqueConstraint("item_id", "revision", "part"),
        sa.UniqueConstraint("item_id", "undoes", "part"),
    )
    op.create_index("labels_act", "labels", ["act"])
    op.create_index("labels_who", "labels", ["who", "id"])
    op.create_table(
        "states",
        sa.Column("item_id", sa.Integer, sa.ForeignKey("items.id"), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("review", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("basis", sa.String(16)),
        sa.Column("severity", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("states", "labels", "lines", "predictions", "items", "runs"):
        op.drop_table(table)
