"""More that is told by the admin's rules, also to people who only asked for the portal.

Revision: 0029
Follows: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OLD = (
    "booked", "reminder", "moved", "cancelled", "doctor_absent", "doctor_back", "waitlist_offer",
    "running_late", "record_shared", "shift_published", "shift_removed", "invitation",
    "password_reset", "password_changed", "login_new", "digest",
)  # fmt: skip
NEW = (
    *OLD, "swap_asked", "swap_agreed", "swap_declined", "swap_approved", "swap_refused",
    "time_off_approved", "time_off_declined", "correction_asked", "access_declined",
)  # fmt: skip
TO_ONE = (
    "(CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN patient_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) = 1"
)
TO_ONE_OF_MORE = TO_ONE.replace(
    ") = 1", " + CASE WHEN portal_registration_id IS NULL THEN 0 ELSE 1 END) = 1"
)
COLUMN = (
    "ALTER TABLE notification ADD COLUMN portal_registration_id INTEGER"
    " REFERENCES portal_registration (portal_registration_id)"
)


def upgrade() -> None:
    op.execute(COLUMN)
    _recheck("notification", "notification_to_one", TO_ONE, TO_ONE_OF_MORE)
    _recheck("notification_rule", "notification_rule_event", _among(OLD), _among(NEW))
    # nothing was told by these two until now: each went to the inbox, whatever they said
    op.execute(
        "UPDATE notification_rule SET inbox = true"
        " WHERE event IN ('shift_published', 'shift_removed')"
    )
    op.create_index(
        "ix_notification_dead", "notification", ["created"],
        sqlite_where=sa.text("state = 'dead'"), postgresql_where=sa.text("state = 'dead'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_notification_dead", "notification")
    added = ", ".join(f"'{event}'" for event in NEW[len(OLD) :])
    op.execute("DELETE FROM notification WHERE portal_registration_id IS NOT NULL")
    op.execute(f"UPDATE notification SET notification_rule_id = NULL WHERE rule IN ({added})")
    op.execute(
        "DELETE FROM notification_template WHERE notification_rule_id IN"
        f" (SELECT notification_rule_id FROM notification_rule WHERE event IN ({added}))"
    )
    op.execute(f"DELETE FROM notification_rule WHERE event IN ({added})")
    _recheck("notification_rule", "notification_rule_event", _among(NEW), _among(OLD))
    _recheck("notification", "notification_to_one", TO_ONE_OF_MORE, TO_ONE)
    op.drop_column("notification", "portal_registration_id")


def _among(events: tuple[str, ...]) -> str:
    return f"event IN ({', '.join(repr(event) for event in events)})"


def _recheck(table: str, name: str, before: str, after: str) -> None:
    """Put another condition into a CHECK. SQLite would build the table anew for that, whose going
    takes along by CASCADE what refers to it: there the words of the table are changed, as its
    manual describes (lang_altertable, 7); each row that held before holds afterwards."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, after)
        return
    mine = {"table": table, "before": before, "after": after}
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    words = "UPDATE sqlite_schema SET sql = replace(sql, :before, :after)"
    words += " WHERE type = 'table' AND name = :table AND instr(sql, :before) > 0"
    changed = bind.execute(sa.text(words), mine).rowcount
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    if changed != 1:
        raise RuntimeError(f"{name} is not as the migration before left it.")
