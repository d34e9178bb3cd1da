"""Codes of ICD-10-CM, searched as one types in a full-text table of each database.

The table is no declared one: on SQLite it is virtual (FTS5), on PostgreSQL it has a text-search
index. `exchange.icd_load` fills it once a release.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.models.record.clinical import Condition
from app.models.record.drug_names import words_of

TABLE = "icd_code"
MOST = 15
RANKED = 400
"""How many of the shortest matches are ranked by how often the clinic uses them."""

_SQLITE = """
SELECT code, display FROM icd_code WHERE icd_code MATCH :query
ORDER BY code = :code DESC, code LIKE :begins DESC, length(display), code LIMIT :most
"""
_POSTGRESQL = """
SELECT code, display FROM icd_code WHERE words @@ to_tsquery('simple', :query)
ORDER BY code = :code DESC, code LIKE :begins DESC, length(display), code LIMIT :most
"""


@dataclass(frozen=True)
class Code:
    """A code that can be given to a problem."""

    code: str
    display: str


def tokens(written: str) -> list[str]:
    """The words by which a text is found: small letters and digits, without accents."""
    plain = "".join(c if c.isalnum() else " " for c in " ".join(words_of(written)))
    return [word for word in plain.split() if word.isascii()]


def search(session: Session, typed: str) -> list[Code]:
    """Codes whose number, name or terms have words that begin with all those typed: what begins
    with a typed code first, then what the clinic uses most, then the shortest."""
    words = tokens(typed)[:8]
    if not words:
        return []
    sqlite = session.get_bind().dialect.name == "sqlite"
    query = " ".join(f'"{w}"*' for w in words) if sqlite else " & ".join(f"{w}:*" for w in words)
    code = typed.strip().upper()
    rows = session.execute(
        text(_SQLITE if sqlite else _POSTGRESQL),
        {"query": query, "code": code, "begins": f"{code}%", "most": RANKED},
    ).all()
    used = _used(session, [row.code for row in rows])
    ranked = sorted(
        enumerate(rows),
        key=lambda at: (not at[1].code.startswith(code), -used.get(at[1].code, 0), at[0]),
    )
    return [Code(row.code, row.display) for _at, row in ranked[:MOST]]


def name_of(session: Session, code: str) -> str | None:
    """What a code means; None for one that is not known."""
    statement = text("SELECT display FROM icd_code WHERE code = :code")
    found: str | None = session.scalar(statement, {"code": code})
    return found


def is_own_table(name: str | None) -> bool:
    """Whether a table of the database is this one, or what FTS5 keeps beside it: a comparison
    of the models with the database leaves them out."""
    return bool(name) and str(name).startswith(TABLE)


def _used(session: Session, codes: list[str]) -> dict[str, int]:
    if not codes:
        return {}
    query = (
        select(Condition.code, func.count())
        .where(Condition.code.in_(codes))
        .group_by(Condition.code)
    )
    return {str(code): times for code, times in session.execute(query)}
