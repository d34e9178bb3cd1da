"""The seals of the audit trail, which nobody changes either.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("audit_seal_id", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.DateTime(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("root", sa.String(64), nullable=False, unique=True),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_seal_append_only_{event.lower()} BEFORE {event} ON audit_seal "
                "BEGIN SELECT RAISE(ABORT, 'audit_seal_append_only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal "
        "FOR EACH ROW EXECUTE FUNCTION clinic_refuse('audit_seal_append_only')"
    )
    op.execute(
        "CREATE TRIGGER audit_seal_append_only_truncate BEFORE TRUNCATE ON audit_seal "
        "FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('audit_seal_append_only')"
    )


def downgrade() -> None:
    op.drop_table("audit_seal")
