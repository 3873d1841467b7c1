"""What `run.json` says of a report beside its rows: skipped rows, names of units, limits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of runs that are there nothing is known."""
    op.add_column("runs", sa.Column("kept", sa.Text, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("runs", "kept")
