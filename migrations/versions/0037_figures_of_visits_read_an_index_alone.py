"""Figures of visits by day, status and type read an index alone, not a row for each visit of years.

Revision: 0037
Follows: 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_visit_fact_day", "visit_fact"


def upgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["day", "status", "late", "visit_type_id", "doctor_id"])


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["day", "status", "doctor_id"])
