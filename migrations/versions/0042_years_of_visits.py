"""A visit is in a year that the forms take, 1800 to 2200, in any time zone.

Revision: 0042
Follows: 0041

PostgreSQL knows times that no program reads (`infinity`, before Christ), of which two lie on each other
unseen; so do two at the end of 9999 on SQLite. What lies further off already stays until it is moved.
"""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

WHY = "appointment_datetime_years"
OUTSIDE = (
    "NEW.appointment_datetime < '1799-12-31' OR NEW.appointment_datetime >= '2201-01-02'"
)
EVENTS = {"insert": "INSERT", "update": "UPDATE OF appointment_datetime"}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event in EVENTS.items():
        head = f"CREATE TRIGGER appointment_years_{name} BEFORE {event} ON appointment"
        if sqlite:
            op.execute(f"{head} WHEN {OUTSIDE} BEGIN SELECT RAISE(ABORT, '{WHY}'); END")
        else:
            op.execute(f"{head} FOR EACH ROW WHEN ({OUTSIDE}) EXECUTE FUNCTION clinic_refuse('{WHY}')")


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in EVENTS:
        op.execute(f"DROP TRIGGER appointment_years_{name}" + ("" if sqlite else " ON appointment"))
