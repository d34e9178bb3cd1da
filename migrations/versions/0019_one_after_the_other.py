"""Who books the same doctor or room at the same moment waits for a turn.

Of two transactions that write overlapping visits, each may find the other's row while it checks the
exclusion constraint; both then wait, and PostgreSQL ends one as a deadlock after a second. Taken in
one order before the row is written, the turns leave nothing to wait for in a ring. SQLite has one
writer anyway.

Revision: 0019
Follows: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ACTIVE = "('pending', 'booked', 'arrived', 'checked-in', 'in-room')"

TAKE_TURNS = """
CREATE FUNCTION clinic_take_turns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, NEW.doctor_id);
    IF NEW.room_id IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(2, NEW.room_id);
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute(TAKE_TURNS)
    op.execute(
        "CREATE TRIGGER appointment_turns BEFORE INSERT OR UPDATE ON appointment "
        f"FOR EACH ROW WHEN (NEW.status IN {ACTIVE}) EXECUTE FUNCTION clinic_take_turns()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("DROP TRIGGER appointment_turns ON appointment")
    op.execute("DROP FUNCTION clinic_take_turns()")
