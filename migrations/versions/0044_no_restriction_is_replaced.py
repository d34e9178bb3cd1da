"""On SQLite no restriction of a chart is replaced by one whose state is left to its default.

Revision: 0044
Follows: 0043

`INSERT OR REPLACE` puts the default in place of a NULL after the triggers BEFORE have looked.
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

REPLACED = """
CREATE TRIGGER chart_restriction_replaced_{name} BEFORE {event} ON chart_restriction
WHEN EXISTS (SELECT 1 FROM chart_restriction r WHERE (r.restriction_id = NEW.restriction_id
    OR (r.patient_id = NEW.patient_id AND r.state = 'active' AND {active})) {other})
BEGIN SELECT RAISE(ABORT, 'chart_restriction_kept'); END
"""
EVENTS = (("insert", "INSERT", ""), ("update", "UPDATE", "AND r.restriction_id <> OLD.restriction_id"))


def upgrade() -> None:
    _guard("NEW.state IS NOT 'lifted'")


def downgrade() -> None:
    _guard("NEW.state = 'active'")


def _guard(active: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, event, other in EVENTS:
        op.execute(f"DROP TRIGGER chart_restriction_replaced_{name}")
        op.execute(REPLACED.format(name=name, event=event, active=active, other=other))
