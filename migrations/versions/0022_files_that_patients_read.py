"""Since when the clinic shares a file with its patient.

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attachment", sa.Column("shared_at", sa.DateTime()))


def downgrade() -> None:
    op.drop_column("attachment", "shared_at")
