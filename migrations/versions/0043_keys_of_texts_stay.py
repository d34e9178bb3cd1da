"""A key that texts are sealed with is neither replaced nor numbered anew: what it sealed would not open.

Revision: 0043
Follows: 0042

On SQLite `INSERT OR REPLACE` deletes the row in its way, which the trigger on DELETE sees only where
`recursive_triggers` is on.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KEY = "data_key_kept"
SQLITE = {
    "data_key_kept_number": ("UPDATE ON data_key", "NEW.key_id IS NOT OLD.key_id"),
    "data_key_replaced": (
        "INSERT ON data_key",
        "EXISTS (SELECT 1 FROM data_key k WHERE k.key_id = NEW.key_id)",
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, (event, when) in SQLITE.items():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{KEY}'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER data_key_kept_number BEFORE UPDATE ON data_key FOR EACH ROW "
        f"WHEN (NEW.key_id IS DISTINCT FROM OLD.key_id) EXECUTE FUNCTION clinic_refuse('{KEY}')"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        return
    op.execute("DROP TRIGGER data_key_kept_number ON data_key")
