"""A swap of shifts keeps when the colleague agreed to it.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shift_swap", sa.Column("agreed", sa.DateTime()))


def downgrade() -> None:
    op.drop_column("shift_swap", "agreed")
