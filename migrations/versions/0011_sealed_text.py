"""Clinical free text is encrypted: what is there already is sealed, signed records included.

Revision: 0011
Follows: 0010

Data keys are never deleted: without its key a text is lost. The guards of signed records are lifted
inside this transaction only. Where a column changes its type, SQLite gets a new one beside the old:
a copy of the table would break what refers to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.models.base.sealed import keyring, seal_text, unseal_text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXTS = {
    "medical_record": ("record_id", ("diagnosis", "treatment", "notes", "reason_display")),
    "record_amendment": ("amendment_id", ("reason", "diagnosis", "treatment", "notes")),
    "allergy_intolerance": ("allergy_id", ("reaction",)),
    "medication_request": ("medication_request_id", ("dosage", "dosage_detail")),
    "observation": ("observation_id", ("value_text",)),
    "appointment": ("appointment_id", ("reason",)),
    "appointment_history": ("history_id", ("reason",)),
    "answered_request": ("answered_request_id", ("answer",)),
}
BECOME_TEXT = (
    ("medical_record", "reason_display", "VARCHAR(300)"),
    ("medication_request", "dosage_detail", "JSON"),
    ("answered_request", "answer", "JSON"),
)
CHUNK = 2_000


class OneKey:
    """The key made here; the application's own keyring sees it after the commit."""

    def __init__(self, number: int, cipher: AESGCM) -> None:
        self.pair = number, cipher

    def newest(self) -> tuple[int, AESGCM]:
        return self.pair


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("PRAGMA secure_delete=ON")  # nothing of the old text stays in freed pages
    keys: Any = OneKey(*_first_key())
    with _guards_lifted(sqlite):
        for table, column, _kind in BECOME_TEXT:
            _retype(table, column, "TEXT", sqlite)
        _each_text(lambda text, place: seal_text(text, place, keys))
    for name, event in (("delete", "DELETE"), ("truncate", "TRUNCATE")):
        if sqlite and name == "delete":
            op.execute(
                "CREATE TRIGGER data_key_kept_delete BEFORE DELETE ON data_key "
                "BEGIN SELECT RAISE(ABORT, 'data_key_kept'); END"
            )
        elif not sqlite:
            each = "ROW" if name == "delete" else "STATEMENT"
            op.execute(
                f"CREATE TRIGGER data_key_kept_{name} BEFORE {event} ON data_key "
                f"FOR EACH {each} EXECUTE FUNCTION clinic_refuse('data_key_kept')"
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    with _guards_lifted(sqlite):
        _each_text(unseal_text)
        for table, column, kind in BECOME_TEXT:
            _retype(table, column, kind, sqlite)
    op.drop_table("data_key")


def _first_key() -> tuple[int, AESGCM]:
    table = op.create_table(
        "data_key",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.String(length=300), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    number, wrapped = keyring().wrapped_new()
    made = datetime.now(UTC).replace(tzinfo=None)
    op.execute(sa.insert(table).values(key_id=number, wrapped=wrapped, created=made))
    keyring().forget()
    return number, keyring().unwrapped(wrapped)


def _each_text(turn: Callable[[str, str], str]) -> None:
    """Turn every text of the columns, table by table, a chunk in memory at a time."""
    for name, (key, columns) in TEXTS.items():
        table = sa.table(name, *(sa.column(column) for column in (key, *columns)))
        wanted = sa.select(table).where(sa.or_(*(table.c[c].is_not(None) for c in columns)))
        last = 0
        while rows := _chunk(wanted, table.c[key], last):
            last = rows[-1][key]
            turned = [
                {"_key": row[key]}
                | {f"_{c}": row[c] and turn(row[c], f"{name}.{c}") for c in columns}
                for row in rows
            ]
            update = sa.update(table).where(table.c[key] == sa.bindparam("_key"))
            op.get_bind().execute(update.values({c: sa.bindparam(f"_{c}") for c in columns}), turned)


def _chunk(wanted: Any, key: Any, last: int) -> Any:
    query = wanted.where(key > last).order_by(key).limit(CHUNK)
    return op.get_bind().execute(query).mappings().all()


def _retype(table: str, column: str, kind: str, sqlite: bool) -> None:
    if not sqlite:
        op.execute(f"ALTER TABLE {table} ALTER {column} TYPE {kind} USING {column}::{kind}")
        return
    if table == "answered_request":  # the column is needed, and nothing refers to the table
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, type_=sa.Text() if kind == "TEXT" else sa.JSON())
        return
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}_new {kind}")
    op.execute(f"UPDATE {table} SET {column}_new = {column} WHERE {column} IS NOT NULL")
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_new TO {column}")


@contextmanager
def _guards_lifted(sqlite: bool) -> Iterator[None]:
    bind = op.get_bind()
    if not sqlite:
        for table in TEXTS:
            op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in TEXTS:
            op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    names = ", ".join(f"'{table}'" for table in TEXTS)
    query = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({names})"
    triggers = bind.execute(sa.text(query)).all()
    for name, _sql in triggers:
        op.execute(f"DROP TRIGGER {name}")
    yield
    for _name, sql in triggers:
        bind.exec_driver_sql(sql)
