"""On SQLite a visit is at a time that the calendar has, in UTC and in the one spelling.

Revision: 0039
Follows: 0038

SQLite counts 30 February as 2 March, and heeds an offset after the seconds: two such visits lie at
the same time, and their texts do not say so. It reckons a date only where something is added to it.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

EVENTS = {
    "insert": "INSERT",
    "update": "UPDATE OF patient_id, doctor_id, room_id, appointment_datetime, minutes_duration, "
    "status",
}

SPELLING = """
CREATE TRIGGER appointment_spelling_{name} BEFORE {event} ON appointment
WHEN {wrong}
BEGIN
    SELECT RAISE(ABORT, 'appointment_datetime_spelling');
END
"""

WRONG = """
    datetime(substr(NEW.appointment_datetime, 1, 19), '+0 seconds')
        IS NOT substr(NEW.appointment_datetime, 1, 19)
    OR (length(NEW.appointment_datetime) > 19
        AND substr(NEW.appointment_datetime, 20) NOT GLOB '.[0-9]*')
    OR substr(NEW.appointment_datetime, 21) GLOB '*[^0-9]*'
"""

BEFORE = """
    NEW.appointment_datetime NOT GLOB
        '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
    OR strftime('%s', NEW.appointment_datetime) IS NULL
"""


def upgrade() -> None:
    _spelling(WRONG)


def downgrade() -> None:
    _spelling(BEFORE)


def _spelling(wrong: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, event in EVENTS.items():
        op.execute(f"DROP TRIGGER appointment_spelling_{name}")
        op.execute(SPELLING.format(name=name, event=event, wrong=wrong))
