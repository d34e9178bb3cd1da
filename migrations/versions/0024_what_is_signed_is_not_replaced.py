"""On SQLite no row of a signed record is replaced, whatever the connection is set to.

Revision: 0024
Follows: 0023

`INSERT OR REPLACE` and `UPDATE OR REPLACE` delete the row in their way. The triggers on DELETE see that
only where `recursive_triggers` is on, which another program's connection need not be. And a trigger on
UPDATE OF a key does not see `SET rowid`. PostgreSQL has neither.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SIGNED = "r.status = 'signed'"
HANGS = (
    "EXISTS (SELECT 1 FROM medical_record m WHERE m.record_id = r.record_id AND m.status = 'signed')"
)
ALWAYS = "1"
ONCE = ("attempt", "patient_id", "user_id", "kind", "level", "drug", "against")

FROZEN = (
    # table, key, the unique columns beside it, which rows stay, the refusal
    ("medical_record", "record_id", (("identifier",), ("appointment_id",)), SIGNED,
     "medical_record_signed"),
    ("observation", "observation_id", (("identifier",),), HANGS,
     "medical_record_signed_observation"),
    ("condition", "condition_id", (("identifier",), ("replaces_id",)), HANGS,
     "medical_record_signed_condition"),
    ("allergy_intolerance", "allergy_id", (("identifier",), ("replaces_id",)), HANGS,
     "medical_record_signed_allergy_intolerance"),
    ("medication_request", "medication_request_id", (("identifier",), ("attempt",)), HANGS,
     "medical_record_signed_medication_request"),
    ("record_amendment", "amendment_id", (("record_id", "number"),), ALWAYS,
     "medical_record_signed_record_amendment"),
    ("attachment", "attachment_id", (), ALWAYS, "attachment_kept"),
    ("medication_end", "end_id", (("medication_request_id",),), ALWAYS,
     "medication_end_append_only"),
    ("drug_alert", "alert_id", (ONCE,), ALWAYS, "drug_alert_append_only"),
    ("alert_answer", "answer_id", (("alert_id",),), ALWAYS, "alert_answer_append_only"),
    ("glass_break", "glass_break_id", (), ALWAYS, "glass_break_append_only"),
    ("chart_restriction", "restriction_id", (), ALWAYS, "chart_restriction_kept"),
    ("audit_event", "audit_id", (), ALWAYS, "audit_event_append_only"),
)  # fmt: skip

KEYS = (
    ("attachment", "attachment_id", "attachment_kept"),
    ("glass_break", "glass_break_id", "glass_break_append_only"),
    ("chart_restriction", "restriction_id", "chart_restriction_kept"),
)
"""Tables whose guards name the columns that stay, and so do not see `rowid`."""

# an active restriction stands in the way of another one of the same patient
REPLACED = """
CREATE TRIGGER {table}_replaced_{name} BEFORE {event} ON {table}
WHEN EXISTS (SELECT 1 FROM {table} r WHERE ({same}) AND {stays} {other})
BEGIN SELECT RAISE(ABORT, '{why}'); END
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, key, unique, stays, why in FROZEN:
        ways = [" AND ".join(f"r.{c} = NEW.{c}" for c in columns) for columns in ((key,), *unique)]
        if table == "chart_restriction":
            ways.append("r.patient_id = NEW.patient_id AND r.state = 'active' AND NEW.state = 'active'")
        same = " OR ".join(f"({way})" for way in ways)
        for name, event, other in (
            ("insert", "INSERT", ""),
            ("update", "UPDATE", f"AND r.{key} <> OLD.{key}"),
        ):
            op.execute(
                REPLACED.format(
                    table=table, name=name, event=event, same=same, stays=stays, other=other, why=why
                )
            )
    for table, key, why in KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_key BEFORE UPDATE ON {table} WHEN NEW.{key} IS NOT OLD.{key} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, *_ in FROZEN:
        for name in ("insert", "update"):
            op.execute(f"DROP TRIGGER {table}_replaced_{name}")
    for table, *_ in KEYS:
        op.execute(f"DROP TRIGGER {table}_key")
