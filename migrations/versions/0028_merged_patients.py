"""Two rows of the register that are one person are linked; who is replaced gets nothing new.

Revision: 0028
Follows: 0027

On PostgreSQL a link locks both patients, and whatever is entered for a patient locks it against that:
of a merge and a booking at the same moment the second sees the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

KEPT = (
    "patient_link_id", "patient_id", "other_id", "reason", "moved", "linked_at", "linked_by_id",
)  # fmt: skip
ENTERED = (
    "appointment", "appointment_series", "waitlist_entry", "medical_record", "observation",
    "condition", "allergy_intolerance", "medication_request", "attachment", "chart_restriction",
    "notification",
)  # fmt: skip
CORRECTED = ("condition", "allergy_intolerance")
"""Entries that may take the place of an earlier one; they stay where that one is."""

CHAIN = """EXISTS (SELECT 1 FROM patient_link l WHERE l.undone_at IS NULL
    AND (l.other_id = NEW.patient_id OR l.patient_id = NEW.other_id))"""
TWICE = """EXISTS (SELECT 1 FROM patient_link l WHERE l.patient_link_id = NEW.patient_link_id
    OR (l.undone_at IS NULL AND l.other_id = NEW.other_id))"""
REPLACED = """EXISTS (SELECT 1 FROM patient_link l
    WHERE l.other_id = NEW.patient_id AND l.undone_at IS NULL)"""

POSTGRESQL = (
    f"""
CREATE FUNCTION clinic_patient_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM patient WHERE patient_id IN (NEW.patient_id, NEW.other_id)
        ORDER BY patient_id FOR UPDATE;
    IF {CHAIN} THEN
        RAISE EXCEPTION 'patient_link_chain' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
""",
    f"""
CREATE FUNCTION clinic_patient_link_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.undone_at IS NOT NULL
        OR {" OR ".join(f"NEW.{c}::text IS DISTINCT FROM OLD.{c}::text" for c in KEPT)} THEN
        RAISE EXCEPTION 'patient_link_kept' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
""",
    f"""
CREATE FUNCTION clinic_patient_replaced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM patient WHERE patient_id = NEW.patient_id FOR KEY SHARE;
    IF {REPLACED} THEN
        RAISE EXCEPTION 'patient_replaced' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
""",
    "CREATE TRIGGER patient_link_chain BEFORE INSERT ON patient_link "
    "FOR EACH ROW EXECUTE FUNCTION clinic_patient_link()",
    "CREATE TRIGGER patient_link_kept BEFORE UPDATE OR DELETE ON patient_link "
    "FOR EACH ROW EXECUTE FUNCTION clinic_patient_link_kept()",
    "CREATE TRIGGER patient_link_kept_truncate BEFORE TRUNCATE ON patient_link "
    "FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('patient_link_kept')",
)


def upgrade() -> None:
    undone = sa.text("undone_at IS NULL")
    op.create_table(
        "patient_link",
        sa.Column("patient_link_id", sa.Integer(), primary_key=True),
        _key("patient_id", "patient.patient_id", nullable=False),
        _key("other_id", "patient.patient_id", nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        _key("linked_by_id", "ab_user.id"),
        sa.Column("undone_at", sa.DateTime()),
        _key("undone_by_id", "ab_user.id"),
        sa.Column("undone_reason", sa.String(500)),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("patient_id <> other_id", name="patient_link_itself"),
        sa.CheckConstraint("length(reason) >= 3", name="patient_link_reason"),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_reason IS NULL)", name="patient_link_undone"
        ),
    )
    op.create_index(
        "ix_patient_link_open", "patient_link", ["other_id"], unique=True,
        sqlite_where=undone, postgresql_where=undone,
    )  # fmt: skip
    op.create_index("ix_patient_link_patient", "patient_link", ["patient_id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else (*POSTGRESQL, *_postgresql()):
        op.execute(statement)


def _sqlite() -> list[str]:
    changed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in KEPT)
    made = [
        _refusing("patient_link_chain", "INSERT ON patient_link", CHAIN, "patient_link_chain"),
        _refusing("patient_link_twice", "INSERT ON patient_link", TWICE, "ix_patient_link_open"),
        _refusing(
            "patient_link_kept_update", "UPDATE ON patient_link",
            f"OLD.undone_at IS NOT NULL OR {changed}", "patient_link_kept",
        ),
        _refusing("patient_link_kept_delete", "DELETE ON patient_link", "1", "patient_link_kept"),
    ]  # fmt: skip
    for table in ENTERED:
        for name, event in (("insert", "INSERT"), ("update", "UPDATE OF patient_id")):
            made.append(
                _refusing(
                    f"{table}_of_replaced_{name}", f"{event} ON {table}", _asked(table, event),
                    "patient_replaced",
                )
            )  # fmt: skip
    return made


def _refusing(name: str, event: str, when: str, why: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"


def _asked(table: str, event: str) -> str:
    if event != "INSERT":
        return f"NEW.patient_id IS NOT OLD.patient_id AND {REPLACED}"
    return f"NEW.replaces_id IS NULL AND {REPLACED}" if table in CORRECTED else REPLACED


def _postgresql() -> list[str]:
    made = []
    for table in ENTERED:
        first = "NEW.replaces_id IS NULL" if table in CORRECTED else "NEW.patient_id IS NOT NULL"
        made += [
            f"CREATE TRIGGER {table}_of_replaced_insert BEFORE INSERT ON {table} "
            f"FOR EACH ROW WHEN ({first}) EXECUTE FUNCTION clinic_patient_replaced()",
            f"CREATE TRIGGER {table}_of_replaced_update BEFORE UPDATE OF patient_id ON {table} "
            "FOR EACH ROW WHEN (NEW.patient_id IS DISTINCT FROM OLD.patient_id) "
            "EXECUTE FUNCTION clinic_patient_replaced()",
        ]
    return made


def _key(column: str, target: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(column, sa.Integer(), sa.ForeignKey(target), nullable=nullable)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in ENTERED:
        for name in ("insert", "update"):
            on = f" ON {table}" if postgresql else ""
            op.execute(f"DROP TRIGGER {table}_of_replaced_{name}{on}")
    op.drop_table("patient_link")
    if postgresql:
        for name in ("patient_link", "patient_link_kept", "patient_replaced"):
            op.execute(f"DROP FUNCTION clinic_{name}")
