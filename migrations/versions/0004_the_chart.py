"""Signatures of records, their amendments, and the refusal to change what hangs on a signed one.

Revision: 0004
Follows: 0003

Every refusal is named `medical_record_signed…`: to a person they are one and the same. What was
imported is signed without a time of signing here; only there may an import still add rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HANGING = ("observation", "condition", "medication_request", "allergy_intolerance")
AMENDMENT = "record_amendment"

SQLITE_SIGNED = """
CREATE TRIGGER {table}_signed_{name} BEFORE {event} ON {table}
WHEN EXISTS (
    SELECT 1 FROM medical_record r
    WHERE r.record_id = {row}.record_id AND r.status = 'signed' {here}
)
BEGIN SELECT RAISE(ABORT, 'medical_record_signed_{table}'); END
"""

SQLITE_EVENTS = (
    ("update", "UPDATE", "OLD", ""),
    ("delete", "DELETE", "OLD", ""),
    ("insert", "INSERT", "NEW", "AND r.signed_at IS NOT NULL"),
    ("move", "UPDATE OF record_id", "NEW", "AND r.signed_at IS NOT NULL"),
)

SQLITE_UNSIGNED = """
CREATE TRIGGER record_amendment_unsigned BEFORE INSERT ON record_amendment
WHEN NOT EXISTS (
    SELECT 1 FROM medical_record r WHERE r.record_id = NEW.record_id AND r.status = 'signed'
)
BEGIN SELECT RAISE(ABORT, 'record_amendment_unsigned'); END
"""

# FOR SHARE waits for a signature that is on its way, and lets none come before the commit
POSTGRESQL_SIGNED = """
CREATE FUNCTION clinic_refuse_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.record_id IS NOT NULL THEN
        SELECT status INTO found FROM medical_record WHERE record_id = OLD.record_id FOR SHARE;
        IF found.status = 'signed' THEN
            RAISE EXCEPTION 'medical_record_signed_%', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.record_id IS NOT NULL THEN
        SELECT status, signed_at INTO found
            FROM medical_record WHERE record_id = NEW.record_id FOR SHARE;
        IF found.status = 'signed' AND found.signed_at IS NOT NULL THEN
            RAISE EXCEPTION 'medical_record_signed_%', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$
"""

POSTGRESQL_UNSIGNED = """
CREATE FUNCTION clinic_refuse_unsigned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM medical_record WHERE record_id = NEW.record_id AND status = 'signed'
    ) THEN
        RAISE EXCEPTION 'record_amendment_unsigned'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    _amendments()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _amendments() -> None:
    op.create_table(
        AMENDMENT,
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("treatment", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["medical_record.record_id"]),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.patient_id"]),
        sa.ForeignKeyConstraint(["author_id"], ["staff.staff_id"]),
        sa.PrimaryKeyConstraint("amendment_id"),
        sa.UniqueConstraint("record_id", "number", name="record_amendment_number"),
    )
    op.create_index("ix_record_amendment_patient_id", AMENDMENT, ["patient_id"])


def _sqlite() -> None:
    # in place: a copy of the table would lose its triggers
    op.execute("ALTER TABLE medical_record ADD COLUMN signed_at DATETIME")
    op.execute("ALTER TABLE medical_record ADD COLUMN signed_by INTEGER REFERENCES staff (staff_id)")
    op.execute("ALTER TABLE medical_record ADD COLUMN content_hash VARCHAR(64)")
    for table in HANGING:
        for name, event, row, here in SQLITE_EVENTS:
            op.execute(
                SQLITE_SIGNED.format(table=table, name=name, event=event, row=row, here=here)
            )
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {AMENDMENT}_{event.lower()} BEFORE {event} ON {AMENDMENT} "
            f"BEGIN SELECT RAISE(ABORT, 'medical_record_signed_{AMENDMENT}'); END"
        )
    op.execute(SQLITE_UNSIGNED)


def _postgresql() -> None:
    op.add_column("medical_record", sa.Column("signed_at", sa.DateTime(), nullable=True))
    op.add_column(
        "medical_record",
        sa.Column("signed_by", sa.Integer(), sa.ForeignKey("staff.staff_id"), nullable=True),
    )
    op.add_column("medical_record", sa.Column("content_hash", sa.String(length=64), nullable=True))
    op.execute(POSTGRESQL_SIGNED)
    op.execute(POSTGRESQL_UNSIGNED)
    for table in HANGING:
        op.execute(
            f"CREATE TRIGGER {table}_signed BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION clinic_refuse_signed()"
        )
    op.execute(
        f"CREATE TRIGGER {AMENDMENT}_append_only BEFORE UPDATE OR DELETE ON {AMENDMENT} "
        f"FOR EACH ROW EXECUTE FUNCTION clinic_refuse('medical_record_signed_{AMENDMENT}')"
    )
    op.execute(
        f"CREATE TRIGGER {AMENDMENT}_unsigned BEFORE INSERT ON {AMENDMENT} "
        "FOR EACH ROW EXECUTE FUNCTION clinic_refuse_unsigned()"
    )
    for table in (*HANGING, AMENDMENT):
        op.execute(
            f"CREATE TRIGGER {table}_signed_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('medical_record_signed_{table}')"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_table(AMENDMENT)
    if sqlite:
        for table in HANGING:
            for name, *_ in SQLITE_EVENTS:
                op.execute(f"DROP TRIGGER {table}_signed_{name}")
    else:
        op.execute("DROP FUNCTION clinic_refuse_unsigned CASCADE")
        op.execute("DROP FUNCTION clinic_refuse_signed CASCADE")
        for table in HANGING:
            op.execute(f"DROP TRIGGER {table}_signed_truncate ON {table}")
    for column in ("content_hash", "signed_by", "signed_at"):
        op.execute(f"ALTER TABLE medical_record DROP COLUMN {column}")
