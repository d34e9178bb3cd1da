"""What the database itself refuses: double bookings, changes to signed records and to the trail.

Revision: 0002
Follows: 0001

Each refusal carries a name (`appointment_doctor_taken`, …) that the application turns into a
sentence. A visit lasts at most a day, so an overlap can only begin within the day before: the
SQLite triggers read no more than that.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACTIVE = "('pending', 'booked', 'arrived', 'checked-in', 'in-room')"
SHARED = ("doctor", "room", "patient")
FROZEN = (("audit_event", "", "append_only"), ("medical_record", "OLD.status = 'signed'", "signed"))

SQLITE_OVERLAP = """
CREATE TRIGGER appointment_{who}_{event_name} BEFORE {event} ON appointment
WHEN NEW.status IN {active} AND NEW.{who}_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'appointment_{who}_taken') WHERE EXISTS (
        SELECT 1 FROM appointment a
        WHERE a.{who}_id = NEW.{who}_id
          AND a.status IN {active}
          AND a.appointment_id <> NEW.appointment_id
          AND a.appointment_datetime >= datetime(NEW.appointment_datetime, '-1 day')
          AND a.appointment_datetime <=
              datetime(NEW.appointment_datetime, '+' || (NEW.minutes_duration * 60 + 1) || ' seconds')
          AND strftime('%s', a.appointment_datetime) + a.minutes_duration * 60
              > CAST(strftime('%s', NEW.appointment_datetime) AS INTEGER)
          AND strftime('%s', NEW.appointment_datetime) + NEW.minutes_duration * 60
              > CAST(strftime('%s', a.appointment_datetime) AS INTEGER)
    );
END
"""

# text sorts by time only in one spelling
SQLITE_SPELLING = """
CREATE TRIGGER appointment_spelling_{event_name} BEFORE {event} ON appointment
WHEN NEW.appointment_datetime NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
  OR strftime('%s', NEW.appointment_datetime) IS NULL
BEGIN
    SELECT RAISE(ABORT, 'appointment_datetime_spelling');
END
"""

POSTGRESQL_OVERLAP = """
ALTER TABLE appointment ADD CONSTRAINT appointment_{who}_taken EXCLUDE USING gist (
    int4range({who}_id, {who}_id, '[]') WITH &&,
    tsrange(appointment_datetime, appointment_datetime + minutes_duration * interval '1 minute')
        WITH &&
) WHERE (status IN {active} AND {who}_id IS NOT NULL)
"""

POSTGRESQL_REFUSE = """
CREATE FUNCTION clinic_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    events = (
        ("insert", "INSERT"),
        (
            "update",
            "UPDATE OF patient_id, doctor_id, room_id, appointment_datetime, minutes_duration, status",
        ),
    )
    for event_name, event in events:
        op.execute(SQLITE_SPELLING.format(event=event, event_name=event_name))
        for who in SHARED:
            op.execute(
                SQLITE_OVERLAP.format(who=who, event=event, event_name=event_name, active=ACTIVE)
            )
    for table, condition, why in FROZEN:
        when = f"WHEN {condition}" if condition else ""
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_{why}_{event.lower()} BEFORE {event} ON {table} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table}_{why}'); END"
            )


def _postgresql() -> None:
    for who in SHARED:
        op.execute(POSTGRESQL_OVERLAP.format(who=who, active=ACTIVE))
    op.execute(POSTGRESQL_REFUSE)
    for table, condition, why in FROZEN:
        when = f"WHEN ({condition})" if condition else ""
        op.execute(
            f"CREATE TRIGGER {table}_{why} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW {when} EXECUTE FUNCTION clinic_refuse('{table}_{why}')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_{why}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('{table}_{why}')"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
        return
    for who in SHARED:
        op.execute(f"ALTER TABLE appointment DROP CONSTRAINT appointment_{who}_taken")
    op.execute("DROP FUNCTION clinic_refuse CASCADE")


def _sqlite_triggers() -> list[str]:
    overlap = [f"appointment_{who}_{event}" for who in SHARED for event in ("insert", "update")]
    spelling = [f"appointment_spelling_{event}" for event in ("insert", "update")]
    frozen = [f"{t}_{why}_{event}" for t, _, why in FROZEN for event in ("update", "delete")]
    return overlap + spelling + frozen
