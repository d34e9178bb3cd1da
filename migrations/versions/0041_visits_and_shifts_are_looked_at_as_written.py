"""On SQLite two visits, or two shifts, at once are refused as the row is written, not as it was asked for.

Revision: 0041
Follows: 0040

Before an INSERT a row without a number counts as -1, which another row may have; `OR REPLACE` puts the
default in place of a NULL after the triggers BEFORE have looked; and `strftime('%s')` drops what a second
is divided into. A shift is on a day that the calendar has, at times of the clock in the one spelling.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

VISIT = "patient_id, doctor_id, room_id, appointment_datetime, minutes_duration, status"
SHIFT = "staff_id, shift_date, start_time, end_time"
ACTIVE = "('pending', 'booked', 'arrived', 'checked-in', 'in-room')"

WHOLE = "CAST(strftime('%s', {row}.appointment_datetime) AS INTEGER)"
DIVIDED = f"({WHOLE} + CAST('0' || substr({{row}}.appointment_datetime, 20) AS REAL))"

VISITS = """
CREATE TRIGGER appointment_{who}_{name} {moment} {event} ON appointment
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
          AND {old} + a.minutes_duration * 60 > {new}
          AND {new} + NEW.minutes_duration * 60 > {old}
    );
END
"""

START = "CAST(strftime('%s', {row}.shift_date || ' ' || {row}.start_time) AS INTEGER)"
END = (
    "CAST(strftime('%s', {row}.shift_date || ' ' || {row}.end_time) AS INTEGER)"
    " + CASE WHEN strftime('%s', {row}.shift_date || ' ' || {row}.end_time) <="
    " strftime('%s', {row}.shift_date || ' ' || {row}.start_time) THEN 86400 ELSE 0 END"
)
SHIFTS = f"""
CREATE TRIGGER shift_staff_twice_{{name}} {{moment}} {{event}} ON shift
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

SPELLING = """
CREATE TRIGGER {table}_spelling_{name} BEFORE {event} ON {table}
WHEN {wrong}
BEGIN
    SELECT RAISE(ABORT, '{why}');
END
"""

VISIT_BEFORE = """
    datetime(substr(NEW.appointment_datetime, 1, 19), '+0 seconds')
        IS NOT substr(NEW.appointment_datetime, 1, 19)
    OR (length(NEW.appointment_datetime) > 19
        AND substr(NEW.appointment_datetime, 20) NOT GLOB '.[0-9]*')
    OR substr(NEW.appointment_datetime, 21) GLOB '*[^0-9]*'
"""
VISIT_WRONG = f"{VISIT_BEFORE} OR instr(NEW.appointment_datetime, char(0))"

SHIFT_BEFORE = """
    NEW.shift_date NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
    OR NEW.start_time NOT GLOB '[0-9][0-9]:[0-9][0-9]*'
    OR NEW.end_time NOT GLOB '[0-9][0-9]:[0-9][0-9]*'
    OR strftime('%s', NEW.shift_date || ' ' || NEW.start_time) IS NULL
    OR strftime('%s', NEW.shift_date || ' ' || NEW.end_time) IS NULL
"""
CLOCK = """
    OR time(substr(NEW.{at}, 1, 8), '+0 seconds') IS NOT substr(substr(NEW.{at}, 1, 8) || ':00', 1, 8)
    OR (substr(NEW.{at}, 9) <> '' AND substr(NEW.{at}, 9) NOT GLOB '.[0-9]*')
    OR substr(NEW.{at}, 10) GLOB '*[^0-9]*' OR instr(NEW.{at}, char(0))
"""
SHIFT_WRONG = (
    "date(NEW.shift_date, '+0 days') IS NOT NEW.shift_date"
    + CLOCK.format(at="start_time")
    + CLOCK.format(at="end_time")
)


def upgrade() -> None:
    _guards("AFTER", DIVIDED, VISIT_WRONG, SHIFT_WRONG)


def downgrade() -> None:
    _guards("BEFORE", WHOLE, VISIT_BEFORE, SHIFT_BEFORE)


def _guards(moment: str, seconds: str, visit: str, shift: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, columns, wrong, why in (
        ("appointment", VISIT, visit, "appointment_datetime_spelling"),
        ("shift", SHIFT, shift, "shift_spelling"),
    ):
        for name, event in (("insert", "INSERT"), ("update", f"UPDATE OF {columns}")):
            op.execute(f"DROP TRIGGER {table}_spelling_{name}")
            op.execute(_text(SPELLING, table=table, name=name, event=event, wrong=wrong, why=why))
            if table == "shift":
                op.execute(f"DROP TRIGGER shift_staff_twice_{name}")
                op.execute(_text(SHIFTS, name=name, event=event, moment=moment))
                continue
            old, new = seconds.format(row="a"), seconds.format(row="NEW")
            for who in ("doctor", "room", "patient"):
                op.execute(f"DROP TRIGGER appointment_{who}_{name}")
                facts = {"who": who, "name": name, "event": event, "moment": moment}
                op.execute(_text(VISITS, **facts, active=ACTIVE, old=old, new=new))


def _text(trigger: str, **facts: str) -> str:
    """A colon is a colon, not a value to be bound."""
    return trigger.format(**facts).replace(":", "\\:")
