"""Fills the full-text table of ICD-10-CM from the package `simple-icd-10-cm`, once a release."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models import ReferenceList
from app.models.record.icd import tokens

KIND = "icd-10-cm"
CHUNK = 5_000
_SQLITE = "INSERT INTO icd_code (code, display, terms) VALUES (:code, :display, :terms)"
_POSTGRESQL = (
    "INSERT INTO icd_code (code, display, words) "
    "VALUES (:code, :display, to_tsvector('simple', :terms))"
)


def load_once(session: Session, now: datetime) -> int:
    """How many codes were loaded: none where this release is there already. Adds to the caller's
    transaction; takes some seconds."""
    release = f"simple-icd-10-cm {version('simple-icd-10-cm')}"
    there = select(ReferenceList.list_id).where(
        ReferenceList.kind == KIND, ReferenceList.release == release
    )
    if session.scalar(there) is not None:
        return 0
    count = fill(session, _codes())
    session.add(
        ReferenceList(kind=KIND, release=release, mode="replace", entries=count, loaded_at=now)
    )
    return count


def fill(session: Session, codes: Iterable[tuple[str, str, str]]) -> int:
    """Put code, name and further terms in place of all that is there; answers how many."""
    session.execute(text("DELETE FROM icd_code"))
    statement = text(_SQLITE if session.get_bind().dialect.name == "sqlite" else _POSTGRESQL)
    rows = (_row(*code) for code in codes)
    count = 0
    while chunk := list(islice(rows, CHUNK)):
        session.execute(statement, chunk)
        count += len(chunk)
    return count


def _row(code: str, display: str, terms: str) -> dict[str, Any]:
    words = tokens(f"{code} {code.replace('.', '')} {display} {terms}")
    return {"code": code, "display": display, "terms": " ".join(dict.fromkeys(words))}


def _codes() -> Iterator[tuple[str, str, str]]:
    """Every code that can be given, with the terms that the tabular list names for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of how it opens its own files
        import simple_icd_10_cm as icd  # reads its whole list: only when it is needed

    for code in dict.fromkeys(icd.get_all_codes()):  # a block of one category is named like it
        if icd.is_category_or_subcategory(code) and icd.is_leaf(code):
            terms = [*icd.get_inclusion_term(code), *icd.get_includes(code)]
            yield code, icd.get_description(code), " ".join(terms)
