"""Of logins, broken glass and the week's figures people are told by the admin's rules.

Revision: 0033
Follows: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OLD = (
    "booked", "reminder", "moved", "cancelled", "doctor_absent", "doctor_back", "waitlist_offer",
    "running_late", "record_shared", "shift_published", "shift_removed", "invitation",
    "password_reset", "password_changed", "login_new", "digest", "swap_asked", "swap_agreed",
    "swap_declined", "swap_approved", "swap_refused", "time_off_approved", "time_off_declined",
    "correction_asked", "access_declined",
)  # fmt: skip
NEW = (*OLD, "login_paused", "factor_changed", "glass_broken")


def upgrade() -> None:
    _recheck("notification_rule", "notification_rule_event", _among(OLD), _among(NEW))
    # by this rule nothing was ever told, and its words had other variables: `flask clinic init`
    # adds the one that is
    _forget("'digest'")
    # until now each of these notices was sent, whatever became of the rule
    op.execute(
        "UPDATE notification_rule SET active = true WHERE event IN ('login_new', 'password_changed')"
    )


def downgrade() -> None:
    _forget(", ".join(f"'{event}'" for event in NEW[len(OLD) :]))
    _recheck("notification_rule", "notification_rule_event", _among(NEW), _among(OLD))


def _forget(events: str) -> None:
    """The rules about these events go, with their words; messages that they planned stay."""
    op.execute(f"UPDATE notification SET notification_rule_id = NULL WHERE rule IN ({events})")
    op.execute(
        "DELETE FROM notification_template WHERE notification_rule_id IN"
        f" (SELECT notification_rule_id FROM notification_rule WHERE event IN ({events}))"
    )
    op.execute(f"DELETE FROM notification_rule WHERE event IN ({events})")


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
