"""Prescriptions in structure, how they end, what the check said of them, and its lists.

Revision: 0012
Follows: 0011

Columns are added in place: on SQLite a copy of the table would lose its triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REQUEST = "medication_request"
FROZEN = ("medication_end", "drug_alert", "alert_answer")
ROUTES = (
    "oral", "sublingual", "inhaled", "nasal", "topical", "transdermal", "ophthalmic", "otic",
    "rectal", "vaginal", "subcutaneous", "intramuscular", "intravenous", "implant",
)  # fmt: skip
TIMINGS = (
    "QD", "BID", "TID", "QID", "AM", "PM", "BED", "Q4H", "Q6H", "Q8H", "Q12H", "QOD", "WK", "MO",
    "ONCE",
)  # fmt: skip
END_REASONS = (
    "renewed", "completed", "altchoice", "salg", "sintol", "sddi", "sdupther", "drughigh",
    "labint", "preg", "surg", "hospadm", "non-avail", "ineffective", "wish", "error",
)  # fmt: skip
OVERRIDES = ("benefit", "tolerated", "monitored", "adjusted", "doubtful", "elsewhere", "other")
COLUMNS = (
    ("dose_value", "FLOAT CONSTRAINT medication_request_dose CHECK (dose_value > 0)"),
    ("dose_unit", "VARCHAR(20)"),
    ("route", "VARCHAR(20) CONSTRAINT medication_request_route CHECK (route IN ({routes}))"),
    ("timing", "VARCHAR(20) CONSTRAINT medication_request_timing CHECK (timing IN ({timings}))"),
    ("as_needed", "BOOLEAN DEFAULT '0' NOT NULL"),
    (
        "duration_days",
        "INTEGER CONSTRAINT medication_request_duration CHECK (duration_days BETWEEN 1 AND 730)",
    ),
    ("until", "DATE"),
    ("quantity", "FLOAT CONSTRAINT medication_request_quantity CHECK (quantity > 0)"),
    ("quantity_unit", "VARCHAR(20)"),
    (
        "repeats",
        "INTEGER DEFAULT '0' NOT NULL"
        " CONSTRAINT medication_request_repeats CHECK (repeats BETWEEN 0 AND 99)",
    ),
    ("instructions", "TEXT"),
    (
        "renewed_from_id",
        "INTEGER CONSTRAINT medication_request_renewed_from_id_fkey"
        " REFERENCES medication_request (medication_request_id)",
    ),
    ("attempt", "VARCHAR(36)"),
)


def upgrade() -> None:
    lists = {"routes": _quoted(ROUTES), "timings": _quoted(TIMINGS)}
    for name, kind in COLUMNS:
        op.execute(f"ALTER TABLE {REQUEST} ADD COLUMN {name} {kind.format(**lists)}")
    op.create_index("ix_medication_request_attempt", REQUEST, ["attempt"], unique=True)
    op.create_index("ix_medication_request_renewed_from_id", REQUEST, ["renewed_from_id"])
    _lists()
    _ends()
    _alerts()
    _answers()
    _freeze()


def _lists() -> None:
    op.create_table(
        "reference_list",
        sa.Column("list_id", sa.Integer(), primary_key=True),
        _words("kind", "reference_list_kind", "drugs", "classes", "interactions", "doses", "icd-10-cm"),
        sa.Column("release", sa.String(60), nullable=False),
        _words("mode", "reference_list_mode", "replace", "extend"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("content", sa.Text()),
        _version(),
    )


def _ends() -> None:
    op.create_table(
        "medication_end",
        sa.Column("end_id", sa.Integer(), primary_key=True),
        _key(REQUEST, "medication_request_id"),
        _key("patient", "patient_id"),
        _words("reason", "medication_end_reason", *END_REASONS),
        sa.Column("note", sa.Text()),
        sa.Column("at", sa.DateTime(), nullable=False),
        _key("staff", "staff_id", nullable=True),
        _version(),
        sa.UniqueConstraint("medication_request_id"),
    )
    op.create_index("ix_medication_end_patient_id", "medication_end", ["patient_id"])


def _alerts() -> None:
    op.create_table(
        "drug_alert",
        sa.Column("alert_id", sa.Integer(), primary_key=True),
        _key("patient", "patient_id"),
        sa.Column("attempt", sa.String(36), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        _key("staff", "staff_id", nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        _words("kind", "drug_alert_kind",
               "allergy", "interaction", "duplicate", "dose", "unknown", "missing"),
        _words("level", "drug_alert_level", "notify", "warn", "block"),
        sa.Column("drug", sa.String(300), nullable=False),
        sa.Column("against", sa.String(300), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("release", sa.String(300), nullable=False),
        _version(),
        sa.UniqueConstraint(
            "attempt", "patient_id", "user_id", "kind", "level", "drug", "against",
            name="drug_alert_once",
        ),
    )  # fmt: skip
    op.create_index("ix_drug_alert_patient", "drug_alert", ["patient_id", "at"])
    op.create_index("ix_drug_alert_at", "drug_alert", ["at"])


def _answers() -> None:
    op.create_table(
        "alert_answer",
        sa.Column("answer_id", sa.Integer(), primary_key=True),
        _key("drug_alert", "alert_id"),
        _key("patient", "patient_id"),
        _key(REQUEST, "medication_request_id"),
        _words("reason", "alert_answer_reason", *OVERRIDES),
        sa.Column("comment", sa.Text()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        _version(),
        sa.UniqueConstraint("alert_id"),
    )
    for column in ("patient_id", "medication_request_id"):
        op.create_index(f"ix_alert_answer_{column}", "alert_answer", [column])


def _freeze() -> None:
    for table in FROZEN:
        why = f"{table}_append_only"
        if op.get_bind().dialect.name == "sqlite":
            for event in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {why}_{event.lower()} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
                )
            continue
        op.execute(
            f"CREATE TRIGGER {why} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION clinic_refuse('{why}')"
        )
        op.execute(
            f"CREATE TRIGGER {why}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse('{why}')"
        )


def _key(table: str, column: str, *, nullable: bool = False) -> sa.Column:
    target = f"{table}.{column if table != 'ab_user' else 'id'}"
    return sa.Column(column, sa.Integer(), sa.ForeignKey(target), nullable=nullable)


def _words(column: str, name: str, *words: str) -> sa.Column:
    length = max(20, *map(len, words))
    kind = sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=length)
    return sa.Column(column, kind, nullable=False)


def _version() -> sa.Column:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def downgrade() -> None:
    for table in ("alert_answer", "drug_alert", "medication_end", "reference_list"):
        op.drop_table(table)
    op.drop_index("ix_medication_request_renewed_from_id", REQUEST)
    op.drop_index("ix_medication_request_attempt", REQUEST)
    for name, _kind in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {REQUEST} DROP COLUMN {name}")
