"""The rota: swaps, templates, publications, messages, absences; nobody works twice at one time.

Revision: 0005
Follows: 0004

A shift is wall-clock time on a date and may end on the next day, so an overlap can only begin a
day before or after: the SQLite triggers read no more than that. Shifts that overlap already stop
the migration with their names; nothing is changed by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

START = "CAST(strftime('%s', {row}.shift_date || ' ' || {row}.start_time) AS INTEGER)"
END = (
    "CAST(strftime('%s', {row}.shift_date || ' ' || {row}.end_time) AS INTEGER)"
    " + CASE WHEN strftime('%s', {row}.shift_date || ' ' || {row}.end_time) <="
    " strftime('%s', {row}.shift_date || ' ' || {row}.start_time) THEN 86400 ELSE 0 END"
)

SQLITE_TWICE = f"""
CREATE TRIGGER shift_staff_twice_{{name}} BEFORE {{event}} ON shift
BEGIN
    SELECT RAISE(ABORT, 'shift_staff_twice') WHERE EXISTS (
        SELECT 1 FROM shift s
        WHERE s.staff_id = NEW.staff_id
          AND s.shift_id <> NEW.shift_id
          AND s.shift_date BETWEEN date(NEW.shift_date, '-1 day') AND date(NEW.shift_date, '+1 day')
          AND {START.format(row="s")} < {END.format(row="NEW")}
          AND {START.format(row="NEW")} < {END.format(row="s")}
    );
END
"""

# text sorts by time only in one spelling
SQLITE_SPELLING = """
CREATE TRIGGER shift_spelling_{name} BEFORE {event} ON shift
WHEN NEW.shift_date NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
  OR NEW.start_time NOT GLOB '[0-9][0-9]:[0-9][0-9]*'
  OR NEW.end_time NOT GLOB '[0-9][0-9]:[0-9][0-9]*'
  OR strftime('%s', NEW.shift_date || ' ' || NEW.start_time) IS NULL
  OR strftime('%s', NEW.shift_date || ' ' || NEW.end_time) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'shift_spelling');
END
"""

POSTGRESQL_TWICE = """
ALTER TABLE shift ADD CONSTRAINT shift_staff_twice EXCLUDE USING gist (
    int4range(staff_id, staff_id, '[]') WITH &&,
    tsrange(shift_date + start_time, shift_date + end_time +
        CASE WHEN end_time <= start_time THEN interval '1 day' ELSE interval '0' END) WITH &&
)
"""

SQLITE_OVERLAPS = f"""
SELECT a.shift_id, b.shift_id FROM shift a
JOIN shift b ON b.staff_id = a.staff_id AND b.shift_id > a.shift_id
WHERE {START.format(row="a")} < {END.format(row="b")}
  AND {START.format(row="b")} < {END.format(row="a")}
LIMIT 10
"""

POSTGRESQL_OVERLAPS = """
SELECT a.shift_id, b.shift_id FROM shift a
JOIN shift b ON b.staff_id = a.staff_id AND b.shift_id > a.shift_id
WHERE (a.shift_date + a.start_time, a.shift_date + a.end_time +
       CASE WHEN a.end_time <= a.start_time THEN interval '1 day' ELSE interval '0' END)
   OVERLAPS (b.shift_date + b.start_time, b.shift_date + b.end_time +
       CASE WHEN b.end_time <= b.start_time THEN interval '1 day' ELSE interval '0' END)
LIMIT 10
"""

EVENTS = (("insert", "INSERT"), ("update", "UPDATE OF staff_id, shift_date, start_time, end_time"))
TABLES = (
    "absence_row", "absence", "notice", "rota_publication", "rota_template_row", "rota_template",
    "shift_swap",
)  # fmt: skip


def upgrade() -> None:
    _refuse_overlaps()
    _notices()
    _swaps()
    _templates()
    _absences()
    if op.get_bind().dialect.name == "sqlite":
        for name, event in EVENTS:
            op.execute(SQLITE_SPELLING.format(name=name, event=event))
            op.execute(SQLITE_TWICE.format(name=name, event=event))
    else:
        op.execute(POSTGRESQL_TWICE)


def _refuse_overlaps() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    query = SQLITE_OVERLAPS if sqlite else POSTGRESQL_OVERLAPS
    found = op.get_bind().execute(sa.text(query.replace(":", "\\:"))).all()
    if found:
        pairs = ", ".join(f"{first} and {second}" for first, second in found)
        raise RuntimeError(
            f"Some people work twice at the same time: shifts {pairs}. Shorten or delete one of "
            "each pair, then upgrade again."
        )


def _notices() -> None:
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
        _version(),
        sa.CheckConstraint("(staff_id IS NULL) <> (patient_id IS NULL)", name="notice_to_one"),
    )
    op.create_index("ix_notice_staff", "notice", ["staff_id", "read_at"])
    op.create_index("ix_notice_patient", "notice", ["patient_id", "sent_at"])


def _swaps() -> None:
    op.create_table(
        "shift_swap",
        sa.Column("shift_swap_id", sa.Integer(), primary_key=True),
        _to("shift_id", "shift.shift_id", ondelete="CASCADE"),
        _to("other_shift_id", "shift.shift_id", ondelete="CASCADE"),
        _to("staff_id", "staff.staff_id"),
        _to("other_id", "staff.staff_id"),
        sa.Column(
            "status",
            _words("shift_swap_status", "requested", "approved", "declined"),
            server_default="requested",
            nullable=False,
        ),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("decided", sa.DateTime()),
        _version(),
    )
    op.create_index("ix_shift_swap_status", "shift_swap", ["status"])


def _templates() -> None:
    op.create_table(
        "rota_template",
        sa.Column("rota_template_id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        _version(),
    )
    op.create_table(
        "rota_template_row",
        sa.Column("rota_template_row_id", sa.Integer(), primary_key=True),
        _to("rota_template_id", "rota_template.rota_template_id", ondelete="CASCADE"),
        _to("staff_id", "staff.staff_id", ondelete="CASCADE"),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        _version(),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="rota_template_row_weekday"),
    )
    op.create_index("ix_rota_template_row", "rota_template_row", ["rota_template_id"])
    op.create_table(
        "rota_publication",
        sa.Column("rota_publication_id", sa.Integer(), primary_key=True),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("recorded", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("agent", sa.String(128)),
        sa.Column("shifts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        _version(),
    )
    op.create_index("ix_rota_publication_monday", "rota_publication", ["monday"])


def _absences() -> None:
    op.create_table(
        "absence",
        sa.Column("absence_id", sa.Integer(), primary_key=True),
        _to("doctor_id", "doctor.doctor_id"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("recorded", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("agent", sa.String(128)),
        sa.Column("undone", sa.DateTime()),
        _to("time_off_id", "time_off.time_off_id", nullable=True, ondelete="SET NULL"),
        _version(),
    )
    op.create_table(
        "absence_row",
        sa.Column("absence_row_id", sa.Integer(), primary_key=True),
        _to("absence_id", "absence.absence_id", ondelete="CASCADE"),
        _to("appointment_id", "appointment.appointment_id", ondelete="CASCADE"),
        sa.Column("done", _words("absence_row_done", "moved", "cancelled"), nullable=False),
        sa.Column("doctor_before", sa.Integer(), nullable=False),
        sa.Column("room_before", sa.Integer()),
        sa.Column("start_before", sa.DateTime(), nullable=False),
        sa.Column("status_before", sa.String(20), nullable=False),
        sa.Column("override_before", sa.String(300)),
        sa.Column("version_after", sa.Integer(), nullable=False),
        sa.Column("not_restored", sa.String(200)),
        _to("notice_id", "notice.notice_id", nullable=True, ondelete="SET NULL"),
        _version(),
    )
    op.create_index("ix_absence_row_absence", "absence_row", ["absence_id"])


def _to(name: str, target: str, *, nullable: bool = False, ondelete: str | None = None) -> sa.Column:
    return sa.Column(
        name, sa.Integer(), sa.ForeignKey(target, ondelete=ondelete), nullable=nullable
    )


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, _ in EVENTS:
            op.execute(f"DROP TRIGGER shift_spelling_{name}")
            op.execute(f"DROP TRIGGER shift_staff_twice_{name}")
    else:
        op.execute("ALTER TABLE shift DROP CONSTRAINT shift_staff_twice")
    for table in TABLES:
        op.drop_table(table)
