"""What hangs on a record is about its person, and stays so; a merge counts two rows as one person.

Revision: 0038
Follows: 0037
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ENTRIES = ("condition", "observation", "medication_request", "allergy_intolerance")
GUARDED = ("medical_record", *ENTRIES)
"""A file is kept as it came by a guard of its own."""
HANGING = (*ENTRIES, "attachment")
WHY = "record_of_another"
PERSON = """COALESCE((SELECT l.patient_id FROM patient_link l WHERE l.undone_at IS NULL
    AND l.other_id = {0}), {0})"""
MOVED = f"{PERSON.format('NEW.patient_id')} <> {PERSON.format('OLD.patient_id')}"
ELSEWHERE = f"""EXISTS (SELECT 1 FROM medical_record r WHERE r.record_id = NEW.record_id
    AND {PERSON.format('r.patient_id')} <> {PERSON.format('NEW.patient_id')})"""

POSTGRESQL = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {when} THEN
        RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        for name, when in (("moved", MOVED), ("elsewhere", ELSEWHERE)):
            op.execute(POSTGRESQL.format(name=f"clinic_record_{name}", when=when, why=WHY))
    for table in GUARDED:
        changed = "NEW.patient_id IS DISTINCT FROM OLD.patient_id" if postgresql else MOVED
        _trigger(f"{table}_person", f"UPDATE OF patient_id ON {table}", changed, "moved")
    for table in HANGING:
        hangs = "NEW.record_id IS NOT NULL"
        when = hangs if postgresql else f"{hangs} AND {ELSEWHERE}"
        for what, event in (("insert", "INSERT"), ("update", "UPDATE OF record_id")):
            _trigger(f"{table}_record_{what}", f"{event} ON {table}", when, "elsewhere")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    names = [(f"{table}_person", table) for table in GUARDED]
    names += [(f"{t}_record_{what}", t) for t in HANGING for what in ("insert", "update")]
    for name, table in names:
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION clinic_record_moved()")
        op.execute("DROP FUNCTION clinic_record_elsewhere()")


def _trigger(name: str, event: str, when: str, function: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION clinic_record_{function}()"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )
