"""What happened to a visit is written once, and goes only with the visit itself.

Revision: 0043
Follows: 0042

Neither is a key replaced with which texts are sealed, nor its number changed: what it sealed would not open.
On SQLite `INSERT OR REPLACE` deletes the row in its way, which the triggers on DELETE see only where
`recursive_triggers` is on; a visit that is replaced would take its history with it.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KEPT = "appointment_history_kept"
KEY = "data_key_kept"
GOES = "EXISTS (SELECT 1 FROM appointment a WHERE a.appointment_id = OLD.appointment_id)"
SQLITE = {
    "appointment_history_kept_update": ("UPDATE ON appointment_history", "1", KEPT),
    "appointment_history_kept_delete": ("DELETE ON appointment_history", GOES, KEPT),
    "appointment_history_replaced": (
        "INSERT ON appointment_history",
        "EXISTS (SELECT 1 FROM appointment_history h WHERE h.history_id = NEW.history_id)",
        KEPT,
    ),
    "appointment_replaced": (
        "INSERT ON appointment",
        """EXISTS (SELECT 1 FROM appointment_history h WHERE h.appointment_id = NEW.appointment_id)
            OR EXISTS (SELECT 1 FROM appointment a
                JOIN appointment_history h ON h.appointment_id = a.appointment_id
                WHERE a.identifier = NEW.identifier)""",
        KEPT,
    ),
    "data_key_kept_number": ("UPDATE ON data_key", "NEW.key_id IS NOT OLD.key_id", KEY),
    "data_key_replaced": (
        "INSERT ON data_key",
        "EXISTS (SELECT 1 FROM data_key k WHERE k.key_id = NEW.key_id)",
        KEY,
    ),
}
POSTGRESQL = {
    "appointment_history_kept_update": ("UPDATE ON appointment_history FOR EACH ROW", KEPT),
    "appointment_history_kept_truncate": ("TRUNCATE ON appointment_history FOR EACH STATEMENT", KEPT),
    "data_key_kept_number": (
        "UPDATE ON data_key FOR EACH ROW WHEN (NEW.key_id IS DISTINCT FROM OLD.key_id)",
        KEY,
    ),
}
ON_DELETE = f"""
CREATE FUNCTION clinic_history_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {GOES} THEN
        RAISE EXCEPTION '{KEPT}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, (event, when, why) in SQLITE.items():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
        return
    for name, (event, why) in POSTGRESQL.items():
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} EXECUTE FUNCTION clinic_refuse('{why}')")
    op.execute(ON_DELETE)
    op.execute(
        "CREATE TRIGGER appointment_history_kept_delete BEFORE DELETE ON appointment_history "
        "FOR EACH ROW EXECUTE FUNCTION clinic_history_kept()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        return
    for name, (event, _) in POSTGRESQL.items():
        op.execute(f"DROP TRIGGER {name} ON {event.split()[2]}")
    op.execute("DROP FUNCTION clinic_history_kept CASCADE")
