"""What a component of a finding says in words is encrypted, as the finding's own words are.

Revision: 0025
Follows: 0024

The guards of signed records are lifted inside this transaction only.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.models.base.sealed import MARK, seal_text, unseal_text

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

PLACE = "observation.components"
TABLE = sa.table(
    "observation", sa.column("observation_id"), sa.column("components", sa.JSON(none_as_null=True))
)
CHUNK = 2_000


def upgrade() -> None:
    _rewrite(lambda text: text if text.startswith(MARK) else seal_text(text, PLACE))


def downgrade() -> None:
    _rewrite(lambda text: unseal_text(text, PLACE))


def _rewrite(turn: Callable[[str], str]) -> None:
    bind = op.get_bind()
    wanted = sa.select(TABLE).where(sa.cast(TABLE.c.components, sa.Text).contains('"value_text"'))
    if not bind.execute(wanted.limit(1)).all():
        return
    triggers: Any = []
    if bind.dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")
        query = "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='observation'"
        triggers = bind.execute(sa.text(query)).all()
        for name, _sql in triggers:
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("ALTER TABLE observation DISABLE TRIGGER USER")
    last = 0
    key = TABLE.c.observation_id
    while rows := bind.execute(wanted.where(key > last).order_by(key).limit(CHUNK)).all():
        last = rows[-1].observation_id
        for row in rows:
            parts = [
                part | {"value_text": turn(part["value_text"])} if part.get("value_text") else part
                for part in row.components
            ]
            change = sa.update(TABLE).where(key == row.observation_id)
            bind.execute(change.values(components=parts))
    for _name, sql in triggers:
        bind.exec_driver_sql(sql)
    if bind.dialect.name != "sqlite":
        op.execute("ALTER TABLE observation ENABLE TRIGGER USER")
