"""Charts that only the team reads, who is named for them, and the glass that was broken.

Revision: 0021
Follows: 0020

A sealed reason cannot be read here, but its length tells that there is one: 59 characters hold
eight letters or more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEPT = {
    "chart_restriction": (
        "chart_restriction_kept",
        ("restriction_id", "patient_id", "reason", "set_at", "set_by_id"),
        "state = 'lifted'",
    ),
    "glass_break": (
        "glass_break_append_only",
        ("glass_break_id", "patient_id", "user_id", "reason", "at", "minutes"),
        "review <> 'open'",
    ),
}
"""Table → the refusal, the columns that never change, and when nothing of the row changes any more."""

POSTGRESQL_KEPT = """
CREATE FUNCTION clinic_{table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR {changed} OR OLD.{ended} THEN
        RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "chart_restriction",
        sa.Column("restriction_id", sa.Integer(), primary_key=True),
        _key("patient_id", "patient.patient_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        _key("set_by_id", "ab_user.id", nullable=True),
        _words("state", "chart_restriction_state", "active", "lifted", first=True),
        sa.Column("lifted_at", sa.DateTime()),
        _key("lifted_by_id", "ab_user.id", nullable=True),
        _version(),
        sa.CheckConstraint("length(reason) >= 59", name="chart_restriction_reason"),
        sa.CheckConstraint(
            "(state = 'lifted') = (lifted_at IS NOT NULL)", name="chart_restriction_lifted"
        ),
    )
    active = sa.text("state = 'active'")
    op.create_index(
        "ix_chart_restriction_active", "chart_restriction", ["patient_id"], unique=True,
        sqlite_where=active, postgresql_where=active,
    )  # fmt: skip
    op.create_table(
        "care_team",
        sa.Column("care_team_id", sa.Integer(), primary_key=True),
        _key("patient_id", "patient.patient_id"),
        _key("staff_id", "staff.staff_id"),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        _version(),
        sa.UniqueConstraint("patient_id", "staff_id", name="care_team_once"),
    )
    op.create_index("ix_care_team_staff", "care_team", ["staff_id"])
    op.create_table(
        "glass_break",
        sa.Column("glass_break_id", sa.Integer(), primary_key=True),
        _key("patient_id", "patient.patient_id"),
        _key("user_id", "ab_user.id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        _words("minutes", "glass_break_minutes", "15", "30", "60"),
        _words("review", "glass_break_review", "open", "justified", "questioned", first=True),
        sa.Column("review_note", sa.Text()),
        sa.Column("reviewed_at", sa.DateTime()),
        _key("reviewed_by_id", "ab_user.id", nullable=True),
        _version(),
        sa.CheckConstraint("length(reason) >= 59", name="glass_break_reason"),
        sa.CheckConstraint(
            "(review = 'open') = (reviewed_at IS NULL)", name="glass_break_reviewed"
        ),
    )
    op.create_index("ix_glass_break_patient", "glass_break", ["patient_id", "at"])
    op.create_index("ix_glass_break_user", "glass_break", ["user_id", "at"])
    for table, (why, columns, ended) in KEPT.items():
        _keep(table, why, columns, ended)


def _keep(table: str, why: str, columns: tuple[str, ...], ended: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        op.execute(
            f"CREATE TRIGGER {why}_update BEFORE UPDATE OF {', '.join(columns)} ON {table} {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER {why}_ended BEFORE UPDATE ON {table} WHEN OLD.{ended} {refuse}"
        )
        op.execute(f"CREATE TRIGGER {why}_delete BEFORE DELETE ON {table} {refuse}")
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
    op.execute(POSTGRESQL_KEPT.format(table=table, changed=f"({changed})", ended=ended, why=why))
    op.execute(
        f"CREATE TRIGGER {why} BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION clinic_{table}_kept()"
    )
    op.execute(
        f"CREATE TRIGGER {why}_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('{why}')"
    )


def _key(column: str, target: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(column, sa.Integer(), sa.ForeignKey(target), nullable=nullable)


def _words(column: str, name: str, *words: str, first: bool = False) -> sa.Column:
    kind = sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)
    return sa.Column(
        column, kind, server_default=words[0] if first else None, nullable=False
    )


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def downgrade() -> None:
    for table in ("glass_break", "care_team", "chart_restriction"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP FUNCTION clinic_{table}_kept")
