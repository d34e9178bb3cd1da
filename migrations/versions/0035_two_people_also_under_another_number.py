"""Two people stay told apart when one of them is merged into a third: persons are compared, not rows.

Revision: 0035
Follows: 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KEPT = """COALESCE((SELECT l.patient_id FROM patient_link l WHERE l.undone_at IS NULL
    AND l.other_id = NEW.{0}), NEW.{0})"""
MERGED = f"{KEPT.format('patient_id')} = {KEPT.format('other_id')}"
STAYS = """(SELECT NEW.patient_id UNION ALL SELECT l.other_id FROM patient_link l
    WHERE l.undone_at IS NULL AND l.patient_id = NEW.patient_id)"""
APART = f"""EXISTS (SELECT 1 FROM patient_apart a WHERE a.withdrawn_at IS NULL
    AND ((a.patient_id = NEW.other_id AND a.other_id IN {STAYS})
        OR (a.other_id = NEW.other_id AND a.patient_id IN {STAYS})))"""

ROWS_MERGED = """EXISTS (SELECT 1 FROM patient_link l WHERE l.undone_at IS NULL
    AND ((l.patient_id = NEW.patient_id AND l.other_id = NEW.other_id)
        OR (l.patient_id = NEW.other_id AND l.other_id = NEW.patient_id)))"""
ROWS_APART = """EXISTS (SELECT 1 FROM patient_apart a WHERE a.withdrawn_at IS NULL
    AND ((a.patient_id = NEW.patient_id AND a.other_id = NEW.other_id)
        OR (a.patient_id = NEW.other_id AND a.other_id = NEW.patient_id)))"""

POSTGRESQL = """
CREATE OR REPLACE FUNCTION clinic_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
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


def upgrade() -> None:
    _guard(MERGED, APART)


def downgrade() -> None:
    _guard(ROWS_MERGED, ROWS_APART)


def _guard(merged: str, apart: str) -> None:
    for table, function, when, why in (
        ("patient_apart", "patient_apart", merged, "patient_apart_merged"),
        ("patient_link", "patient_link_apart", apart, "patient_link_apart"),
    ):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(POSTGRESQL.format(name=function, when=when, why=why))
            continue
        op.execute(f"DROP TRIGGER {why}")
        op.execute(
            f"CREATE TRIGGER {why} BEFORE INSERT ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
