"""Signing in: how often was guessed, and what guards a login beside its password.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guess_count",
        sa.Column("guess_count_id", sa.Integer(), primary_key=True),
        sa.Column("subject_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("guesses", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("guesses >= 0", name="guess_count_not_negative"),
    )
    op.create_index("ix_guess_count_last", "guess_count", ["last"])
    op.create_table(
        "login_setting",
        sa.Column("login_setting_id", sa.Integer(), primary_key=True),
        _login(unique=True),
        sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("totp_secret", sa.String(300)),
        sa.Column("totp_since", sa.DateTime()),
        sa.Column("totp_step", sa.Integer()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "totp_since IS NULL OR totp_secret IS NOT NULL", name="login_setting_totp_has_secret"
        ),
    )
    op.create_table(
        "recovery_code",
        sa.Column("recovery_code_id", sa.Integer(), primary_key=True),
        _login(),
        sa.Column("code_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("used_at", sa.DateTime()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    )
    op.create_index("ix_recovery_code_user", "recovery_code", ["user_id"])


def _login(**settings: bool) -> sa.Column[int]:
    key = sa.ForeignKey("ab_user.id", ondelete="CASCADE")
    return sa.Column("user_id", sa.Integer(), key, nullable=False, **settings)


def downgrade() -> None:
    for table in ("recovery_code", "login_setting", "guess_count"):
        op.drop_table(table)
