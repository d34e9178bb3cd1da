"""Recurring series, a waitlist that acts, private calendar feeds.

Revision: 0006
Follows: 0005

Columns are added by plain statements: SQLite's other way, a new copy of the table, would lose
the triggers of 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _series()
    _entries()
    _offers()
    _feeds()


def _series() -> None:
    op.create_table(
        "appointment_series",
        sa.Column("series_id", sa.Integer(), primary_key=True),
        _key("patient", nullable=False),
        _key("doctor", nullable=False),
        _key("room"),
        _key("visit_type"),
        sa.Column("rrule", sa.Text(), nullable=False),
        sa.Column("start_wall", sa.DateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        _version(),
    )
    op.create_index("ix_appointment_series_patient", "appointment_series", ["patient_id"])
    op.execute(
        "ALTER TABLE appointment ADD COLUMN series_id INTEGER "
        "CONSTRAINT appointment_series_id_fkey REFERENCES appointment_series (series_id)"
    )
    op.add_column("appointment", sa.Column("occurrence_wall", sa.DateTime()))
    op.create_index("ix_appointment_series", "appointment", ["series_id"])


def _entries() -> None:
    op.create_table(
        "waitlist_entry",
        sa.Column("waitlist_entry_id", sa.Integer(), primary_key=True),
        _key("patient", nullable=False),
        _key("doctor"),
        sa.Column("specialization", sa.String(100)),
        _key("visit_type", nullable=False),
        sa.Column("earliest", sa.DateTime(), nullable=False),
        sa.Column("latest", sa.DateTime(), nullable=False),
        sa.Column("weekdays", sa.String(80)),
        sa.Column("from_time", sa.Time()),
        sa.Column("to_time", sa.Time()),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        _state("waitlist_entry_state", "waiting", "booked", "withdrawn"),
        sa.Column("created", sa.DateTime(), nullable=False),
        _version(),
        sa.CheckConstraint("earliest < latest", name="waitlist_entry_in_order"),
    )
    order = ["state", "priority", "created"]
    op.create_index("ix_waitlist_entry_state", "waitlist_entry", order)
    op.create_index("ix_waitlist_entry_patient", "waitlist_entry", ["patient_id"])


def _offers() -> None:
    op.create_table(
        "waitlist_offer",
        sa.Column("waitlist_offer_id", sa.Integer(), primary_key=True),
        _key("waitlist_entry", nullable=False, ondelete="CASCADE"),
        _key("patient", nullable=False),
        _key("appointment", nullable=False, ondelete="CASCADE"),
        sa.Column("offered_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        _state("waitlist_offer_state", "offered", "taken", "declined", "expired"),
        _version(),
        sa.UniqueConstraint("appointment_id"),
    )
    op.create_index("ix_waitlist_offer_entry", "waitlist_offer", ["waitlist_entry_id"])
    op.create_index("ix_waitlist_offer_state", "waitlist_offer", ["state", "expires_at"])


def _feeds() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("feed_id", sa.Integer(), primary_key=True),
        _key("staff", nullable=False, ondelete="CASCADE"),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime()),
        _version(),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_calendar_feed_staff", "calendar_feed", ["staff_id"])


def _key(table: str, *, nullable: bool = True, ondelete: str | None = None) -> sa.Column:
    target = sa.ForeignKey(f"{table}.{table}_id", ondelete=ondelete)
    return sa.Column(f"{table}_id", sa.Integer(), target, nullable=nullable)


def _state(name: str, *words: str) -> sa.Column:
    kind = sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
    return sa.Column("state", kind, server_default=words[0], nullable=False)


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def downgrade() -> None:
    for table in ("calendar_feed", "waitlist_offer", "waitlist_entry"):
        op.drop_table(table)
    op.drop_index("ix_appointment_series", "appointment")
    op.execute("ALTER TABLE appointment DROP COLUMN series_id")
    op.execute("ALTER TABLE appointment DROP COLUMN occurrence_wall")
    op.drop_table("appointment_series")
