"""The database itself refuses to change or remove a label."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER labels_no_{act.lower()} BEFORE {act} ON labels BEGIN SELECT RAISE(ABORT, 'labels only grow'); END")
    else:
        op.execute("CREATE FUNCTION labels_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'labels only grow'; END $$")
        op.execute("CREATE TRIGGER labels_only_grow BEFORE UPDATE OR DELETE ON labels FOR EACH ROW EXECUTE FUNCTION labels_only_grow()")


def downgrade() -> None:
    """Drop the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER labels_no_{act}")
    else:
        op.execute("DROP TRIGGER labels_only_grow ON labels")
        op.execute("DROP FUNCTION labels_only_grow")
