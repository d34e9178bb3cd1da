"""Two patients who are much alike and still two people: a decision that stands until it is withdrawn.

Revision: 0032
Follows: 0031

On PostgreSQL a decision locks both patients, as a merge does: of the two at the same moment the second
sees the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

KEPT = ("patient_apart_id", "patient_id", "other_id", "reason", "decided_at", "decided_by_id")
MERGED = """EXISTS (SELECT 1 FROM patient_link l WHERE l.undone_at IS NULL
    AND ((l.patient_id = NEW.patient_id AND l.other_id = NEW.other_id)
        OR (l.patient_id = NEW.other_id AND l.other_id = NEW.patient_id)))"""
APART = """EXISTS (SELECT 1 FROM patient_apart a WHERE a.withdrawn_at IS NULL
    AND ((a.patient_id = NEW.patient_id AND a.other_id = NEW.other_id)
        OR (a.patient_id = NEW.other_id AND a.other_id = NEW.patient_id)))"""
TWICE = """EXISTS (SELECT 1 FROM patient_apart a WHERE a.patient_apart_id = NEW.patient_apart_id
    OR (a.withdrawn_at IS NULL AND a.patient_id = NEW.patient_id AND a.other_id = NEW.other_id))"""


def _function(name: str, when: str, why: str) -> str:
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM patient WHERE patient_id IN (NEW.patient_id, NEW.other_id)
        ORDER BY patient_id FOR UPDATE;
    IF {when} THEN
        RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


POSTGRESQL = (
    _function("clinic_patient_apart", MERGED, "patient_apart_merged"),
    _function("clinic_patient_link_apart", APART, "patient_link_apart"),
    f"""
CREATE FUNCTION clinic_patient_apart_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL
        OR {" OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in KEPT)} THEN
        RAISE EXCEPTION 'patient_apart_kept' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
""",
    "CREATE TRIGGER patient_apart_merged BEFORE INSERT ON patient_apart "
    "FOR EACH ROW EXECUTE FUNCTION clinic_patient_apart()",
    "CREATE TRIGGER patient_link_apart BEFORE INSERT ON patient_link "
    "FOR EACH ROW EXECUTE FUNCTION clinic_patient_link_apart()",
    "CREATE TRIGGER patient_apart_kept BEFORE UPDATE OR DELETE ON patient_apart "
    "FOR EACH ROW EXECUTE FUNCTION clinic_patient_apart_kept()",
    "CREATE TRIGGER patient_apart_kept_truncate BEFORE TRUNCATE ON patient_apart "
    "FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('patient_apart_kept')",
)
CHANGED = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in KEPT)
SQLITE = (
    ("patient_apart_merged", "INSERT ON patient_apart", MERGED, "patient_apart_merged"),
    ("patient_link_apart", "INSERT ON patient_link", APART, "patient_link_apart"),
    ("patient_apart_twice", "INSERT ON patient_apart", TWICE, "ix_patient_apart_standing"),
    (
        "patient_apart_kept_update", "UPDATE ON patient_apart",
        f"OLD.withdrawn_at IS NOT NULL OR {CHANGED}", "patient_apart_kept",
    ),
    ("patient_apart_kept_delete", "DELETE ON patient_apart", "1", "patient_apart_kept"),
)  # fmt: skip


def upgrade() -> None:
    standing = sa.text("withdrawn_at IS NULL")
    op.create_table(
        "patient_apart",
        sa.Column("patient_apart_id", sa.Integer(), primary_key=True),
        _key("patient_id", "patient.patient_id", nullable=False),
        _key("other_id", "patient.patient_id", nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        _key("decided_by_id", "ab_user.id"),
        sa.Column("withdrawn_at", sa.DateTime()),
        _key("withdrawn_by_id", "ab_user.id"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("patient_id < other_id", name="patient_apart_order"),
        sa.CheckConstraint("length(reason) >= 3", name="patient_apart_reason"),
    )
    op.create_index(
        "ix_patient_apart_standing", "patient_apart", ["patient_id", "other_id"], unique=True,
        sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip
    op.create_index("ix_patient_apart_other_id", "patient_apart", ["other_id"])
    if op.get_bind().dialect.name == "sqlite":
        for name, event, when, why in SQLITE:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
        return
    for statement in POSTGRESQL:
        op.execute(statement)


def _key(column: str, target: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(column, sa.Integer(), sa.ForeignKey(target), nullable=nullable)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER patient_link_apart" + (" ON patient_link" if postgresql else ""))
    op.drop_table("patient_apart")
    if postgresql:
        for name in ("patient_apart", "patient_apart_kept", "patient_link_apart"):
            op.execute(f"DROP FUNCTION clinic_{name}")
