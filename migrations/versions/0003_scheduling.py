"""Scheduling: opening hours, time off, room blockings, the history of appointments.

Revision: 0003
Follows: 0002

Columns are added by plain statements: SQLite's other way, a new copy of the table, would lose
the triggers of 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CANCELLED = "('patient', 'doctor', 'clinic', 'mistake', 'other')"


def upgrade() -> None:
    _appointment()
    _history()
    _opening()
    _away("time_off", "staff", sa.Column("note", sa.String(200)), status=True)
    _away("blocking", "room", sa.Column("reason", sa.Text()), status=False)


def _appointment() -> None:
    op.add_column("appointment", sa.Column("override_reason", sa.String(300)))
    op.add_column("appointment", sa.Column("hold_until", sa.DateTime()))
    op.execute(
        "ALTER TABLE appointment ADD COLUMN cancellation_reason VARCHAR(20) CONSTRAINT "
        f"appointment_cancellation_reason CHECK (cancellation_reason IN {CANCELLED})"
    )


def _history() -> None:
    op.create_table(
        "appointment_history",
        sa.Column("history_id", sa.Integer(), primary_key=True),
        sa.Column(
            "appointment_id",
            sa.Integer(),
            sa.ForeignKey("appointment.appointment_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("recorded", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("agent", sa.String(128)),
        sa.Column("status_before", sa.String(20)),
        sa.Column("status_after", sa.String(20), nullable=False),
        sa.Column("start_before", sa.DateTime()),
        sa.Column("start_after", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text()),
        _version(),
    )
    columns = ["appointment_id", "history_id"]
    op.create_index("ix_appointment_history", "appointment_history", columns)
    op.create_table(
        "answered_request",
        sa.Column("answered_request_id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("recorded", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        _version(),
        sa.UniqueConstraint("user_id", "key", name="answered_request_once"),
    )


def _opening() -> None:
    op.create_table(
        "opening_hours",
        sa.Column("opening_hours_id", sa.Integer(), primary_key=True),
        sa.Column("weekday", _words("opening_hours_weekday", *WEEKDAYS), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        _version(),
        sa.CheckConstraint("start_time < end_time", name="opening_hours_in_order"),
    )


def _away(table: str, whose: str, words: sa.Column, *, status: bool) -> None:
    states = _words("time_off_status", "requested", "approved", "declined")
    extra = (
        [sa.Column("status", states, server_default="requested", nullable=False)] if status else []
    )
    key = f"{whose}_id"
    op.create_table(
        table,
        sa.Column(f"{table}_id", sa.Integer(), primary_key=True),
        sa.Column(key, sa.Integer(), sa.ForeignKey(f"{whose}.{key}"), nullable=False),
        sa.Column("start_at", sa.DateTime(), nullable=False),
        sa.Column("end_at", sa.DateTime(), nullable=False),
        *extra,
        words,
        _version(),
        sa.CheckConstraint("start_at < end_at", name=f"{table}_in_order"),
    )
    op.create_index(f"ix_{table}_{whose}_start", table, [key, "start_at"])


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    for table in ("blocking", "time_off", "opening_hours", "answered_request", "appointment_history"):
        op.drop_table(table)
    for column in ("cancellation_reason", "hold_until", "override_reason"):
        op.execute(f"ALTER TABLE appointment DROP COLUMN {column}")
