"""The outbox: what was a notice becomes a notification with a channel and a state.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHANNELS = ("inbox", "email", "sms")
STATES = ("planned", "claimed", "sent", "skipped", "failed", "dead")

TAKE_OVER = """
INSERT INTO notification (notification_id, once, rule, channel, staff_id, patient_id, subject,
    body, state, created, not_before, message_id, sent_at, read_at, version)
SELECT notice_id, 'notice:' || notice_id, 'notice',
    CASE WHEN staff_id IS NULL THEN 'email' ELSE 'inbox' END, staff_id, patient_id, subject, body,
    CASE WHEN staff_id IS NULL AND sent_at IS NULL THEN 'planned' ELSE 'sent' END,
    created, created, '<notice-' || notice_id || '@clinic.invalid>',
    CASE WHEN staff_id IS NULL THEN sent_at ELSE created END, read_at, version
FROM notice
"""

GIVE_BACK = """
INSERT INTO notice (notice_id, staff_id, patient_id, subject, body, created, read_at, sent_at,
    version)
SELECT notification_id, staff_id, patient_id, subject, body, created, read_at,
    CASE WHEN staff_id IS NULL THEN sent_at END, version
FROM notification WHERE user_id IS NULL
"""

SQLITE_POINT = """
CREATE TABLE absence_row_new (
    absence_row_id INTEGER NOT NULL PRIMARY KEY,
    absence_id INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL,
    done VARCHAR(20) NOT NULL CONSTRAINT absence_row_done CHECK (done IN ('moved', 'cancelled')),
    doctor_before INTEGER NOT NULL,
    room_before INTEGER,
    start_before DATETIME NOT NULL,
    status_before VARCHAR(20) NOT NULL,
    override_before VARCHAR(300),
    version_after INTEGER NOT NULL,
    not_restored VARCHAR(200),
    {new} INTEGER,
    version INTEGER DEFAULT '1' NOT NULL,
    FOREIGN KEY(absence_id) REFERENCES absence (absence_id) ON DELETE CASCADE,
    FOREIGN KEY(appointment_id) REFERENCES appointment (appointment_id) ON DELETE CASCADE,
    FOREIGN KEY({new}) REFERENCES {table} ({new}) ON DELETE SET NULL
);
INSERT INTO absence_row_new SELECT absence_row_id, absence_id, appointment_id, done, doctor_before,
    room_before, start_before, status_before, override_before, version_after, not_restored, {old},
    version FROM absence_row;
DROP TABLE absence_row;
ALTER TABLE absence_row_new RENAME TO absence_row;
CREATE INDEX ix_absence_row_absence ON absence_row (absence_id)
"""

NEXT_KEY = "SELECT setval('{table}_{key}_seq', coalesce(max({key}), 0) + 1, false) FROM {table}"


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.Integer(), primary_key=True),
        sa.Column("once", sa.String(200), nullable=False, unique=True),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("channel", _words("notification_channel", *CHANNELS), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.staff_id")),
        sa.Column("patient_id", sa.Integer(), sa.ForeignKey("patient.patient_id")),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE")),
        sa.Column(
            "appointment_id",
            sa.Integer(),
            sa.ForeignKey("appointment.appointment_id", ondelete="CASCADE"),
        ),
        sa.Column("appointment_version", sa.Integer()),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("context", sa.JSON()),
        sa.Column(
            "state",
            _words("notification_state", *STATES),
            server_default="planned",
            nullable=False,
        ),
        sa.Column("reason", sa.String(300)),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime()),
        sa.Column("claimed_by", sa.String(100)),
        sa.Column("address", sa.String(254)),
        sa.Column("message_id", sa.String(200), nullable=False, unique=True),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("read_at", sa.DateTime()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN patient_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="notification_to_one",
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name="notification_sent_when"
        ),
        sa.CheckConstraint(
            "(state = 'claimed') = (lease_until IS NOT NULL)", name="notification_lease"
        ),
    )
    for name, *columns in (
        ("due", "state", "not_before"),
        ("staff", "staff_id", "channel", "read_at"),
        ("patient", "patient_id", "channel", "sent_at"),
        ("user", "user_id", "channel", "read_at"),
        ("appointment", "appointment_id", "not_before"),
    ):
        op.create_index(f"ix_notification_{name}", "notification", columns)
    op.execute(TAKE_OVER)
    _point("notice", "notification")
    op.drop_table("notice")
    _go_on("notification")


def _point(before: str, after: str) -> None:
    """Let the visits of an absence name their message in the other table."""
    old, new = f"{before}_id", f"{after}_id"
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_POINT.format(old=old, new=new, table=after).split(";"):
            op.execute(statement)
        return
    op.drop_constraint(f"absence_row_{old}_fkey", "absence_row", type_="foreignkey")
    op.alter_column("absence_row", old, new_column_name=new)
    op.create_foreign_key(
        f"absence_row_{new}_fkey", "absence_row", after, [new], [new], ondelete="SET NULL"
    )


def _go_on(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(NEXT_KEY.format(table=table, key=f"{table}_id"))


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.Integer(), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.staff_id")),
        sa.Column("patient_id", sa.Integer(), sa.ForeignKey("patient.patient_id")),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("read_at", sa.DateTime()),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("(staff_id IS NULL) <> (patient_id IS NULL)", name="notice_to_one"),
    )
    op.create_index("ix_notice_staff", "notice", ["staff_id", "read_at"])
    op.create_index("ix_notice_patient", "notice", ["patient_id", "sent_at"])
    op.execute(GIVE_BACK)
    _point("notification", "notice")
    op.drop_table("notification")
    _go_on("notice")
