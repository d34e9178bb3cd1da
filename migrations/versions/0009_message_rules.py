"""Message rules and their words, what patients want, and what a message was planned for.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

EVENTS = (
    "booked", "reminder", "moved", "cancelled", "doctor_absent", "doctor_back", "waitlist_offer",
    "running_late", "record_shared", "shift_published", "shift_removed", "invitation",
    "password_reset", "password_changed", "login_new", "digest",
)  # fmt: skip
LANGUAGES = ("en", "es")
RULE = (
    "ALTER TABLE notification ADD COLUMN notification_rule_id INTEGER"
    " REFERENCES notification_rule (notification_rule_id)"
)
WAITING, HELD = "state IN ('planned', 'failed')", "state = 'claimed'"


def upgrade() -> None:
    op.create_table(
        "notification_rule",
        sa.Column("notification_rule_id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("event", _words("notification_rule_event", *EVENTS), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("hours_before", sa.Integer()),
        sa.Column("days_before", sa.Integer()),
        sa.Column("at_time", sa.Time()),
        sa.Column("channels", sa.String(40), nullable=False),
        sa.Column("inbox", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_to", sa.Time()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(event = 'reminder') = ((CASE WHEN hours_before IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN days_before IS NULL THEN 0 ELSE 1 END) = 1)",
            name="notification_rule_timed",
        ),
        sa.CheckConstraint(
            "(days_before IS NULL) = (at_time IS NULL)", name="notification_rule_at_time"
        ),
        sa.CheckConstraint(
            "(hours_before IS NULL OR hours_before BETWEEN 1 AND 720)"
            " AND (days_before IS NULL OR days_before BETWEEN 1 AND 30)",
            name="notification_rule_ahead",
        ),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_to IS NULL)", name="notification_rule_quiet"
        ),
    )
    op.create_table(
        "notification_template",
        sa.Column("notification_template_id", sa.Integer(), primary_key=True),
        sa.Column(
            "notification_rule_id",
            sa.Integer(),
            sa.ForeignKey("notification_rule.notification_rule_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("language", _words("notification_template_language", *LANGUAGES), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sms", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.UniqueConstraint("notification_rule_id", "language", name="notification_template_once"),
    )
    op.create_table(
        "contact_preference",
        sa.Column("contact_preference_id", sa.Integer(), primary_key=True),
        sa.Column(
            "patient_id",
            sa.Integer(),
            sa.ForeignKey("patient.patient_id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("language", _words("contact_preference_language", *LANGUAGES)),
        sa.Column("email", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("sms", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("stopped_at", sa.DateTime()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    )
    op.add_column("notification", sa.Column("visit_start", sa.DateTime()))
    op.execute(RULE)
    op.drop_index("ix_notification_due", "notification")
    _few("due", "not_before", WAITING)
    _few("held", "lease_until", HELD)


def _few(name: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(
        f"ix_notification_{name}", "notification", [column], sqlite_where=where,
        postgresql_where=where,
    )  # fmt: skip


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    op.drop_index("ix_notification_due", "notification")
    op.drop_index("ix_notification_held", "notification")
    op.drop_column("notification", "notification_rule_id")
    op.drop_column("notification", "visit_start")
    op.create_index("ix_notification_due", "notification", ["state", "not_before"])
    for table in ("contact_preference", "notification_template", "notification_rule"):
        op.drop_table(table)
