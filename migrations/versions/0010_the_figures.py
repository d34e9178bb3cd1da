"""The figures: facts beside the tables, and triggers that note which of them a change concerns.

Revision: 0010
Follows: 0009

On PostgreSQL a trigger acts once a statement, on SQLite once a row; both only add to a log, so
that no two bookings wait for each other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DAY = {"sqlite": "date({})", "postgresql": "({})::date"}
ROTA = "(SELECT min(shift_date) FROM shift)", "(SELECT max(shift_date) FROM shift)"
EVERY = ("INSERT", "UPDATE", "DELETE")

# table: first day, last day, patient, from which table beside the changed row, on what
WATCHED = {
    "appointment": ("{day:appointment_datetime}", "{day:appointment_datetime}", "{row}.patient_id", "", EVERY),
    "appointment_history": (
        "{day:start_after}", "{day:start_after}", "visit.patient_id",
        "appointment visit ON visit.appointment_id = {row}.appointment_id", EVERY,
    ),
    "shift": ("{row}.shift_date", "{row}.shift_date", "NULL", "", EVERY),
    "time_off": ("{day:start_at}", "{day:end_at}", "NULL", "", EVERY),
    "blocking": ("{day:start_at}", "{day:end_at}", "NULL", "", EVERY),
    "doctor": (*ROTA, "NULL", "", ("INSERT", "UPDATE")),
    "room": (*ROTA, "NULL", "", ("INSERT",)),
}  # fmt: skip

SQLITE_COLUMNS = {
    "appointment": "OF patient_id, doctor_id, visit_type_id, room_id, appointment_datetime, "
    "minutes_duration, status, cancellation_reason, arrived_at",
    "doctor": "OF staff_id",
}

SQLITE_NOTE = """
    INSERT INTO fact_touched (first_day, last_day, patient_id)
    SELECT t.first_day, t.last_day, t.patient_id
    FROM (SELECT {first} AS first_day, {last} AS last_day, {patient} AS patient_id {source}) t
    WHERE t.first_day IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM fact_touched f WHERE f.patient_id IS t.patient_id
            AND f.first_day = t.first_day AND f.last_day = t.last_day
    );
"""

POSTGRESQL_NOTE = """
CREATE FUNCTION {table}_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        {before}
    END IF;
    IF TG_OP <> 'DELETE' THEN
        {after}
    END IF;
    RETURN NULL;
END
$$
"""

POSTGRESQL_INSERT = """
INSERT INTO fact_touched (first_day, last_day, patient_id)
SELECT t.first_day, t.last_day, t.patient_id FROM (
    SELECT DISTINCT {first} AS first_day, {last} AS last_day, {patient}::integer AS patient_id
    FROM {row} {source}
) t WHERE t.first_day IS NOT NULL;
"""

TRANSITION = {
    "INSERT": "NEW TABLE AS after_rows",
    "UPDATE": "OLD TABLE AS before_rows NEW TABLE AS after_rows",
    "DELETE": "OLD TABLE AS before_rows",
}


def upgrade() -> None:
    _tables()
    op.create_index("ix_condition_recorded", "condition", ["recorded"])
    op.create_index("ix_medication_authored", "medication_request", ["authored"])
    op.create_index(
        "ix_medical_record_figures",
        "medical_record",
        ["visit_date", "doctor_id", "status", "signed_at", "ended_at"],
    )
    watch = _sqlite if op.get_bind().dialect.name == "sqlite" else _postgresql
    for table, (first, last, patient, beside, events) in WATCHED.items():
        watch(table, (first, last, patient, beside), events)
    _note_all()


def _tables() -> None:
    op.create_table(
        "visit_fact",
        _key("appointment"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("patient_id", "doctor_id")),
        *(sa.Column(name, sa.Integer()) for name in ("visit_type_id", "room_id")),
        *_when(),
        sa.Column("status", sa.String(20), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("late", "known", "first")),
        sa.Column("planned", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in ("lead_days", "waited", "taken")),
        _version(),
    )
    op.create_index("ix_visit_fact_day", "visit_fact", ["day", "status", "doctor_id"])
    op.create_index("ix_visit_fact_doctor_day", "visit_fact", ["doctor_id", "day"])
    op.create_index("ix_visit_fact_patient", "visit_fact", ["patient_id"])
    op.create_table(
        "shift_fact",
        _key("shift"),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        *_when(),
        *_use(),
        _version(),
    )
    op.create_index("ix_shift_fact_day", "shift_fact", ["day", "doctor_id"])
    day = sa.Column("day", sa.Date(), primary_key=True)
    op.create_table("room_fact", _key("room"), day, *_use(), _version())
    op.create_index("ix_room_fact_day", "room_fact", ["day"])
    op.create_table(
        "fact_touched",
        sa.Column("touched_id", sa.Integer(), primary_key=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("patient_id", sa.Integer()),
        _version(),
    )
    op.create_index("ix_fact_touched", "fact_touched", ["patient_id", "first_day"])
    day = sa.Column("day", sa.Date(), primary_key=True)
    op.create_table("access_fact", _key("doctor"), day, sa.Column("days", sa.Integer()), _version())
    op.create_index("ix_access_fact_day", "access_fact", ["day"])


def _key(table: str) -> sa.Column:
    target = sa.ForeignKey(f"{table}.{table}_id", ondelete="CASCADE")
    return sa.Column(f"{table}_id", sa.Integer(), target, primary_key=True, autoincrement=False)


def _when() -> list[sa.Column]:
    small = [sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("weekday", "hour")]
    return [sa.Column("day", sa.Date(), nullable=False), *small]


def _use() -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in ("available", "booked")]


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _said(dialect: str, row: str, text: str) -> str:
    """A part of a note with the names of the row's columns filled in."""
    for column in ("appointment_datetime", "start_after", "start_at", "end_at"):
        text = text.replace(f"{{day:{column}}}", DAY[dialect].format(f"{row}.{column}"))
    return text.replace("{row}", row)


def _sqlite(table: str, note: tuple[str, ...], events: tuple[str, ...]) -> None:
    for event in events:
        rows = {"INSERT": ["NEW"], "DELETE": ["OLD"], "UPDATE": ["OLD", "NEW"]}[event]
        notes = ""
        for row in rows:
            first, last, patient, beside = (_said("sqlite", row, part) for part in note)
            source = "FROM " + beside.replace(" ON ", " WHERE ") if beside else ""
            notes += SQLITE_NOTE.format(first=first, last=last, patient=patient, source=source)
        columns = SQLITE_COLUMNS.get(table, "") if event == "UPDATE" else ""
        op.execute(
            f"CREATE TRIGGER {table}_touched_{event.lower()} AFTER {event} {columns} ON {table} "
            f"BEGIN {notes} END"
        )


def _postgresql(table: str, note: tuple[str, ...], events: tuple[str, ...]) -> None:
    inserts = {}
    for row in ("before_rows", "after_rows"):
        first, last, patient, beside = (_said("postgresql", row, part) for part in note)
        source = f"JOIN {beside}" if beside else ""
        inserts[row] = POSTGRESQL_INSERT.format(
            first=first, last=last, patient=patient, row=row, source=source
        )
    op.execute(
        POSTGRESQL_NOTE.format(
            table=table, before=inserts["before_rows"], after=inserts["after_rows"]
        )
    )
    for event in events:
        op.execute(
            f"CREATE TRIGGER {table}_touched_{event.lower()} AFTER {event} ON {table} "
            f"REFERENCING {TRANSITION[event]} FOR EACH STATEMENT EXECUTE FUNCTION {table}_touched()"
        )


def _note_all() -> None:
    """What is there already is to be counted by the first refresh."""
    day = DAY[op.get_bind().dialect.name].format("appointment_datetime")
    op.execute(
        "INSERT INTO fact_touched (first_day, last_day, patient_id) "
        f"SELECT DISTINCT {day}, {day}, patient_id FROM appointment"
    )
    op.execute(
        "INSERT INTO fact_touched (first_day, last_day) "
        "SELECT min(shift_date), max(shift_date) FROM shift HAVING count(*) > 0"
    )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table, (*_, events) in WATCHED.items():
        for event in events:
            on = f" ON {table}" if dialect == "postgresql" else ""
            op.execute(f"DROP TRIGGER {table}_touched_{event.lower()}{on}")
        if dialect == "postgresql":
            op.execute(f"DROP FUNCTION {table}_touched()")
    for index, table in (
        ("ix_medical_record_figures", "medical_record"),
        ("ix_medication_authored", "medication_request"),
        ("ix_condition_recorded", "condition"),
    ):
        op.drop_index(index, table)
    for table in ("access_fact", "fact_touched", "room_fact", "shift_fact", "visit_fact"):
        op.drop_table(table)
