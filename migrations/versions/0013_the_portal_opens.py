"""Who comes into the portal: one-time links, guardians, and people who ask.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RELATIONS = ("self", "parent", "guardian", "carer")


def upgrade() -> None:
    op.create_table(
        "portal_token",
        sa.Column("portal_token_id", sa.Integer(), primary_key=True),
        sa.Column("purpose", _words("portal_token_purpose", "invitation", "reset"), nullable=False),
        _patient("CASCADE", nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE")),
        sa.Column(
            "relation", _words("portal_token_relation", *RELATIONS), server_default="self",
            nullable=False,
        ),
        sa.Column("holder", sa.String(129), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name="portal_token_tries"),
        sa.CheckConstraint("created < expires_at", name="portal_token_in_order"),
        sa.CheckConstraint(
            "(purpose = 'reset') = (user_id IS NOT NULL)", name="portal_token_reset_of_a_login"
        ),
    )
    op.create_index("ix_portal_token_patient", "portal_token", ["patient_id"])
    op.create_table(
        "portal_access",
        sa.Column("portal_access_id", sa.Integer(), primary_key=True),
        sa.Column(
            "user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False
        ),
        _patient("CASCADE", nullable=False),
        sa.Column("relation", _words("portal_access_relation", *RELATIONS), nullable=False),
        sa.Column("holder", sa.String(129), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("relation <> 'self'", name="portal_access_of_another"),
    )
    op.create_index("ix_portal_access_user", "portal_access", ["user_id"])
    op.create_index("ix_portal_access_patient", "portal_access", ["patient_id"])
    op.create_table(
        "portal_registration",
        sa.Column("portal_registration_id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(129), nullable=False),
        sa.Column("dob", sa.Date(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("phone", sa.String(40)),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column(
            "state", _words("portal_registration_state", "waiting", "approved", "declined"),
            server_default="waiting", nullable=False,
        ),
        _patient(None, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    )
    op.create_index("ix_portal_registration_state", "portal_registration", ["state", "created"])


def _patient(ondelete: str | None, *, nullable: bool) -> sa.Column:
    key = sa.ForeignKey("patient.patient_id", ondelete=ondelete)
    return sa.Column("patient_id", sa.Integer(), key, nullable=nullable)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    for table in ("portal_registration", "portal_access", "portal_token"):
        op.drop_table(table)
