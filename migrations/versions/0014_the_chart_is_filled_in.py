"""Codes to search, entries that follow signed ones, attachments.

Revision: 0014
Follows: 0013

On SQLite the codes are a virtual table of FTS5; on PostgreSQL a table with a text-search index.
What hangs on a signed visit does not change, so a later entry names the one that it replaces.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FOLLOWED = (("condition", "condition_id"), ("allergy_intolerance", "allergy_id"))
KEPT = (
    "attachment_id", "patient_id", "record_id", "title", "filename", "media_type", "size",
    "digest", "content", "uploaded_at", "staff_id",
)  # fmt: skip
POSTGRESQL_KEPT = """
CREATE FUNCTION clinic_attachment_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR ({changed}) OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'attachment_kept' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE icd_code USING fts5(code UNINDEXED, display UNINDEXED, terms, "
            "tokenize = 'ascii', prefix = '2 3')"
        )
    else:
        op.execute(
            "CREATE TABLE icd_code (code VARCHAR(10) PRIMARY KEY, display TEXT NOT NULL, "
            "words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_icd_code_words ON icd_code USING gin (words)")
    for table, key in FOLLOWED:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN replaces_id INTEGER "
            f"CONSTRAINT {table}_replaces_id_fkey REFERENCES {table} ({key})"
        )
        op.create_index(f"ix_{table}_replaces", table, ["replaces_id"], unique=True)
    _attachments()
    (_keep_on_sqlite if sqlite else _keep_on_postgresql)()


def _attachments() -> None:
    op.create_table(
        "attachment",
        sa.Column("attachment_id", sa.Integer(), primary_key=True),
        sa.Column("patient_id", sa.Integer(), sa.ForeignKey("patient.patient_id"), nullable=False),
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("medical_record.record_id")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.staff_id")),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.Column("withdrawn_by", sa.Integer(), sa.ForeignKey("staff.staff_id")),
        sa.Column("withdrawn_why", sa.Text()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("size > 0", name="attachment_size"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name="attachment_withdrawn"
        ),
    )
    op.create_index("ix_attachment_patient", "attachment", ["patient_id", "uploaded_at"])
    op.create_index("ix_attachment_record_id", "attachment", ["record_id"])


def _keep_on_sqlite() -> None:
    op.execute(
        f"CREATE TRIGGER attachment_kept_update BEFORE UPDATE OF {', '.join(KEPT)} ON attachment "
        "BEGIN SELECT RAISE(ABORT, 'attachment_kept'); END"
    )
    op.execute(
        "CREATE TRIGGER attachment_kept_withdrawn BEFORE UPDATE ON attachment "
        "WHEN OLD.withdrawn_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'attachment_kept'); END"
    )
    op.execute(
        "CREATE TRIGGER attachment_kept_delete BEFORE DELETE ON attachment "
        "BEGIN SELECT RAISE(ABORT, 'attachment_kept'); END"
    )
    op.execute(
        "CREATE TRIGGER attachment_signed BEFORE INSERT ON attachment WHEN EXISTS ("
        "SELECT 1 FROM medical_record r WHERE r.record_id = NEW.record_id AND r.status = 'signed' "
        "AND r.signed_at IS NOT NULL) "
        "BEGIN SELECT RAISE(ABORT, 'medical_record_signed_attachment'); END"
    )


def _keep_on_postgresql() -> None:
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    op.execute(POSTGRESQL_KEPT.format(changed=changed))
    op.execute(
        "CREATE TRIGGER attachment_kept BEFORE UPDATE OR DELETE ON attachment "
        "FOR EACH ROW EXECUTE FUNCTION clinic_attachment_kept()"
    )
    op.execute(
        "CREATE TRIGGER attachment_signed BEFORE INSERT ON attachment "
        "FOR EACH ROW EXECUTE FUNCTION clinic_refuse_signed()"
    )
    op.execute(
        "CREATE TRIGGER attachment_kept_truncate BEFORE TRUNCATE ON attachment "
        "FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('attachment_kept')"
    )


def downgrade() -> None:
    op.drop_table("attachment")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION clinic_attachment_kept")
    for table, _key in FOLLOWED:
        op.drop_index(f"ix_{table}_replaces", table)
        op.execute(f"ALTER TABLE {table} DROP COLUMN replaces_id")
    op.execute("DROP TABLE icd_code")
