"""What patients tell: corrections, reports before a visit, answers to declared questions.

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction_request",
        sa.Column("correction_request_id", sa.Integer(), primary_key=True),
        _key("patient", nullable=False),
        sa.Column(
            "record_id", sa.Integer(), sa.ForeignKey("medical_record.record_id"), nullable=False
        ),
        _key("doctor", nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        _state("correction_request_state", "open", "corrected", "declined"),
        sa.Column("answer", sa.Text()),
        _version(),
    )
    op.create_index("ix_correction_request_doctor", "correction_request", ["doctor_id", "state"])
    op.create_index("ix_correction_request_patient", "correction_request", ["patient_id", "created"])
    op.create_index("ix_correction_request_record_id", "correction_request", ["record_id"])
    op.create_table(
        "patient_report",
        sa.Column("patient_report_id", sa.Integer(), primary_key=True),
        _key("patient", nullable=False),
        sa.Column(
            "kind", _words("patient_report_kind", "allergy", "medication"), nullable=False
        ),
        sa.Column("display", sa.String(300), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("created", sa.DateTime(), nullable=False),
        _state("patient_report_state", "reported", "confirmed", "declined"),
        _version(),
    )
    op.create_index("ix_patient_report_patient", "patient_report", ["patient_id", "state"])
    op.create_index("ix_patient_report_state", "patient_report", ["state", "created"])
    op.create_table(
        "visit_question",
        sa.Column("visit_question_id", sa.Integer(), primary_key=True),
        _key("visit_type", nullable=True),
        sa.Column("position", sa.Integer(), server_default="1", nullable=False),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column(
            "kind", _words("visit_question_kind", "text", "yes or no", "choice"),
            server_default="text", nullable=False,
        ),
        sa.Column("choices", sa.Text()),
        sa.Column("required", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        _version(),
    )
    op.create_index("ix_visit_question_type", "visit_question", ["visit_type_id", "position"])
    op.create_table(
        "visit_answer",
        sa.Column("visit_answer_id", sa.Integer(), primary_key=True),
        sa.Column(
            "appointment_id", sa.Integer(),
            sa.ForeignKey("appointment.appointment_id", ondelete="CASCADE"), nullable=False,
        ),
        _key("patient", nullable=False),
        sa.Column(
            "visit_question_id", sa.Integer(),
            sa.ForeignKey("visit_question.visit_question_id", ondelete="SET NULL"),
        ),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered", sa.DateTime(), nullable=False),
        _version(),
        sa.UniqueConstraint("appointment_id", "visit_question_id", name="visit_answer_once"),
    )
    op.create_index("ix_visit_answer_patient", "visit_answer", ["patient_id"])
    op.create_index("ix_visit_answer_visit_question_id", "visit_answer", ["visit_question_id"])


def _key(table: str, *, nullable: bool) -> sa.Column:
    key = sa.ForeignKey(f"{table}.{table}_id")
    return sa.Column(f"{table}_id", sa.Integer(), key, nullable=nullable)


def _state(name: str, *words: str) -> sa.Column:
    return sa.Column("state", _words(name, *words), server_default=words[0], nullable=False)


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    for table in ("visit_answer", "visit_question", "patient_report", "correction_request"):
        op.drop_table(table)
