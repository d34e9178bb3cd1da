"""Holds that ran out are found at once: who books over one, and the job that ends them, look through
all pending visits no more.

Revision: 0036
Follows: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

HELD = sa.text("hold_until IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_appointment_hold",
        "appointment",
        ["status", "hold_until"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )


def downgrade() -> None:
    op.drop_index("ix_appointment_hold", "appointment")
