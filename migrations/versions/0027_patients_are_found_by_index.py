"""Patients are found by index, whichever of their labels is typed, and listed by name.

Revision: 0027
Follows: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

LOWER = {
    "ix_patient_number_lower": "record_number",
    "ix_patient_phone_lower": "phone",
    "ix_patient_email_lower": "email",
}
WORDS = """
CREATE INDEX ix_patient_words ON patient USING gin (to_tsvector('simple', coalesce(name, '')
    || ' ' || coalesce(family_name, '') || ' ' || coalesce(record_number, '')
    || ' ' || coalesce(phone, '') || ' ' || coalesce(email, '')))
"""


def upgrade() -> None:
    for name, column in LOWER.items():
        lower = f"lower({column})"
        ops = {lower: "text_pattern_ops"}
        op.create_index(name, "patient", [sa.text(lower)], postgresql_ops=ops)
    op.create_index("ix_patient_name", "patient", ["name", "patient_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(WORDS)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_patient_words", "patient")
    op.drop_index("ix_patient_name", "patient")
    for name in LOWER:
        op.drop_index(name, "patient")
