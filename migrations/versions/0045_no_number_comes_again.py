"""On SQLite the number of who or what was deleted is never given to another, as on PostgreSQL.

Revision: 0045
Follows: 0044

The trail goes on speaking of the deleted patient or login by its number, and a link in a message of the
deleted visit; SQLite gives the largest number again where AUTOINCREMENT does not say otherwise.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KEYS = {
    "patient": "patient_id", "appointment": "appointment_id", "staff": "staff_id", "ab_user": "id",
}  # fmt: skip
PLAIN, NEVER_AGAIN = "PRIMARY KEY ({key})", "PRIMARY KEY ({key} AUTOINCREMENT)"
USED = {
    "patient": "(SELECT max(patient_id) FROM audit_event)",
    "ab_user": "(SELECT max(user_id) FROM audit_event)",
}
"""Where numbers of the deleted are still known."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    # SQLite makes its table of the largest numbers with the first table that asks for it
    op.execute("CREATE TABLE numbering (number INTEGER PRIMARY KEY AUTOINCREMENT)")
    op.execute("DROP TABLE numbering")
    _reword(PLAIN, NEVER_AGAIN)
    for table, key in KEYS.items():
        largest = f"coalesce((SELECT max({key}) FROM {table}), 0)"
        used = f"coalesce({USED.get(table, 'NULL')}, 0)"
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', max({largest}, {used})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    _reword(NEVER_AGAIN, PLAIN)
    op.execute(f"DELETE FROM sqlite_sequence WHERE name IN ({', '.join(map(repr, KEYS))})")


def _reword(before: str, after: str) -> None:
    """Change the words of the tables, as SQLite's manual describes (lang_altertable, 7): a new table in
    place of the old would take along by CASCADE what refers to it."""
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    words = "UPDATE sqlite_schema SET sql = replace(sql, :before, :after)"
    words += " WHERE type = 'table' AND name = :table AND instr(sql, :before) > 0"
    for table, key in KEYS.items():
        mine = {"table": table, "before": before.format(key=key), "after": after.format(key=key)}
        if bind.execute(sa.text(words), mine).rowcount != 1:
            raise RuntimeError(f"{table} is not as the migration before left it.")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
