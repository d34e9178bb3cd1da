"""A merge and its undo are noted for the figures, which count persons.

Revision: 0034
Follows: 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

EVENTS = ("INSERT", "UPDATE")
DAY = {"sqlite": "date({}linked_at)", "postgresql": "({}linked_at)::date"}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    day = DAY[dialect].format("NEW.")
    note = (
        "INSERT INTO fact_touched (first_day, last_day, patient_id) "
        f"SELECT {day}, {day}, NEW.patient_id UNION SELECT {day}, {day}, NEW.other_id;"
    )
    if dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION patient_link_touched() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {note} RETURN NULL; END $$"
        )
    done = "EXECUTE FUNCTION patient_link_touched()" if dialect == "postgresql" else f"BEGIN {note} END"
    for event in EVENTS:
        op.execute(
            f"CREATE TRIGGER patient_link_touched_{event.lower()} AFTER {event} ON patient_link "
            f"FOR EACH ROW {done}"
        )
    day = DAY[dialect].format("")
    op.execute(
        "INSERT INTO fact_touched (first_day, last_day, patient_id) "
        f"SELECT DISTINCT {day}, {day}, other_id FROM patient_link WHERE undone_at IS NULL"
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for event in EVENTS:
        on = " ON patient_link" if postgresql else ""
        op.execute(f"DROP TRIGGER patient_link_touched_{event.lower()}{on}")
    if postgresql:
        op.execute("DROP FUNCTION patient_link_touched()")
