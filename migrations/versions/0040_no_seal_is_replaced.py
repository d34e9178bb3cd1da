"""On SQLite no seal of the audit trail is replaced, whatever the connection is set to.

Revision: 0040
Follows: 0039

`INSERT OR REPLACE` deletes the row in its way, by its key or by what is unique of it; the trigger on
DELETE sees that only where `recursive_triggers` is on. PostgreSQL has no such statement.
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(
        "CREATE TRIGGER audit_seal_replaced_insert BEFORE INSERT ON audit_seal "
        "WHEN EXISTS (SELECT 1 FROM audit_seal r WHERE r.audit_seal_id = NEW.audit_seal_id "
        "OR r.previous = NEW.previous OR r.root = NEW.root) "
        "BEGIN SELECT RAISE(ABORT, 'audit_seal_append_only'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_seal_replaced_insert")
