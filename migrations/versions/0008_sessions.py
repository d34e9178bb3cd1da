"""Sessions become rows, and the database itself ends those of a login that changes.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ENDS = ("signed out", "ended by admin", "password changed", "login changed", "roles changed")

END = """
UPDATE login_session SET ended_at = {now}, ended_why = '{why}', version = version + 1
WHERE user_id = {user} AND ended_at IS NULL
"""

# each spelling of “now” is the one in which the column keeps an instant
SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
POSTGRESQL_NOW = "timezone('utc', clock_timestamp())"

CHANGES = (
    # name, what happens to which table, when it matters, whose sessions, why they end
    ("password", "UPDATE OF password ON ab_user", "OLD.password {differs} NEW.password",
     "NEW.id", "password changed"),
    ("active", "UPDATE OF active, username ON ab_user",
     "OLD.active {differs} NEW.active OR OLD.username <> NEW.username", "NEW.id", "login changed"),
    ("role_given", "INSERT ON ab_user_role", "NEW.user_id IS NOT NULL",
     "NEW.user_id", "roles changed"),
    ("role_taken", "DELETE ON ab_user_role", "OLD.user_id IS NOT NULL",
     "OLD.user_id", "roles changed"),
    ("role_swapped", "UPDATE ON ab_user_role", "NEW.user_id IS NOT NULL",
     "NEW.user_id", "roles changed"),
)  # fmt: skip

POSTGRESQL_FUNCTION = """
CREATE FUNCTION clinic_end_sessions_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {end};
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "login_session",
        sa.Column("login_session_id", sa.Integer(), primary_key=True),
        sa.Column(
            "user_id",
            sa.Integer(),
            sa.ForeignKey("ab_user.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", _words("login_session_kind", "browser", "program"), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("device", sa.String(100)),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("ended_why", _words("login_session_ended_why", *ENDS)),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_why IS NULL)", name="login_session_ended_for_a_reason"
        ),
    )
    op.create_index("ix_login_session_user", "login_session", ["user_id", "ended_at"])
    op.create_index("ix_login_session_expires", "login_session", ["expires"])
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    for name, change, when, user, why in CHANGES:
        end = END.format(now=SQLITE_NOW, why=why, user=user)
        when = when.format(differs="IS NOT")
        op.execute(f"CREATE TRIGGER login_session_{name} AFTER {change} WHEN {when} BEGIN {end}; END")
    op.execute(
        "CREATE TRIGGER login_session_ended BEFORE UPDATE OF ended_at ON login_session "
        "WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL "
        "BEGIN SELECT RAISE(ABORT, 'login_session_ended'); END"
    )


def _postgresql() -> None:
    for name, change, when, user, why in CHANGES:
        end = END.format(now=POSTGRESQL_NOW, why=why, user=user).strip()
        when = when.format(differs="IS DISTINCT FROM")
        op.execute(POSTGRESQL_FUNCTION.format(name=name, end=end))
        op.execute(
            f"CREATE TRIGGER login_session_{name} AFTER {change} FOR EACH ROW "
            f"WHEN ({when}) EXECUTE FUNCTION clinic_end_sessions_{name}()"
        )
    op.execute(
        "CREATE TRIGGER login_session_ended BEFORE UPDATE OF ended_at ON login_session "
        "FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL) "
        "EXECUTE FUNCTION clinic_refuse('login_session_ended')"
    )


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, change, *_ in CHANGES:
        table = change.rpartition(" ")[2]
        on = "" if sqlite else f" ON {table}"
        op.execute(f"DROP TRIGGER login_session_{name}{on}")
        if not sqlite:
            op.execute(f"DROP FUNCTION clinic_end_sessions_{name}")
    op.drop_table("login_session")
