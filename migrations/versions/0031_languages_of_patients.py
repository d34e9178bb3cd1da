"""A patient's language is one of those that the clinic speaks; how it was named before is kept beside.

Revision: 0031
Follows: 0030

The column of free text becomes the tag, and the choice is a new column: SQLite takes a CHECK with a
column that is added, and would build the table anew to put one on a column that is there.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SPOKEN = {"en": ("eng", "english"), "es": ("spa", "spanish", "español", "castellano")}
LANGUAGE = (
    "ALTER TABLE patient ADD COLUMN language VARCHAR(20)"
    " CONSTRAINT patient_language CHECK (language IN ('en', 'es'))"
)


def upgrade() -> None:
    op.execute("ALTER TABLE patient RENAME COLUMN language TO language_tag")
    op.execute(LANGUAGE)
    tag = "trim(lower(language_tag))"
    for code, names in SPOKEN.items():
        same = f"{tag} IN ({', '.join(repr(name) for name in (code, *names))})"
        like = f"{tag} LIKE '{code}-%' OR {tag} LIKE '{code}@_%' ESCAPE '@'"
        op.execute(f"UPDATE patient SET language = '{code}' WHERE {same} OR {like}")
        op.execute(f"UPDATE patient SET language_tag = NULL WHERE {same}")


def downgrade() -> None:
    op.execute("UPDATE patient SET language_tag = language WHERE language_tag IS NULL")
    op.execute("ALTER TABLE patient DROP COLUMN language")
    op.execute("ALTER TABLE patient RENAME COLUMN language_tag TO language")
