"""The lists that the check of prescriptions works from, each in a release that it names.

They come with the clinic as CSV files; `flask clinic import-interactions` puts others in their
place or beside them. What a file looks like: `models.record.drug_files`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base.errors import ClinicError
from app.models.record.drug_files import SHAPES, Drug, DrugClass, Limit, Pair, Parsed, parse
from app.models.record.prescription_tables import ReferenceList

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, eq=False)
class Lists:
    """All four, as they hold now; `missing` names those that could not be read."""

    drugs: Mapping[str, Drug] = field(default_factory=dict)
    classes: Mapping[str, DrugClass] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str, str], Pair] = field(default_factory=dict)
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def release(self, *kinds: str) -> str:
        """`interactions 2026.11`: what an alert of these lists rests on."""
        return ", ".join(f"{kind} {self.releases.get(kind) or 'missing'}" for kind in kinds)


def current(session: Session) -> Lists:
    """The lists that hold now; one statement where nothing was imported since the last call."""
    query = select(ReferenceList.list_id, ReferenceList.kind, ReferenceList.mode)
    loaded = session.execute(
        query.where(ReferenceList.kind.in_(SHAPES)).order_by(ReferenceList.list_id)
    ).all()
    chosen: dict[str, list[int]] = {}
    for row in loaded:
        if row.mode == "replace":
            chosen[row.kind] = [0]
        chosen.setdefault(row.kind, []).append(row.list_id)
    key = tuple((kind, tuple(chosen.get(kind, ()))) for kind in SHAPES)
    known = _cache.get((FOLDER, key))
    if known is None:
        known = assemble({kind: _read(session, kind, ids) for kind, ids in key})
        _cache.clear()
        _cache[FOLDER, key] = known
    return known


_cache: dict[tuple[Path, Any], Lists] = {}


def import_list(
    session: Session, text: str, now: datetime, *, extend: bool = False, release: str | None = None
) -> ReferenceList:
    """Take a list in: in place of what holds, or beside it. Adds to the caller's transaction.
    Raises ClinicError that names the line."""
    parsed = parse(text, release)
    row = ReferenceList(
        kind=parsed.kind,
        release=parsed.release,
        mode="extend" if extend else "replace",
        entries=len(parsed.rows),
        loaded_at=now,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        content=text,
    )
    session.add(row)
    return row


def strangers(lists: Lists, rows: Iterable[Pair]) -> int:
    """How many pairs name a drug or a class that the lists do not hold: they never apply."""
    known = set(lists.drugs) | {f"class:{name}" for name in lists.classes}
    return sum(not {pair.first, pair.second} <= known for pair in rows)


def assemble(files: Mapping[str, Sequence[Parsed]]) -> Lists:
    """Put the files of each kind together; a later row stands in the place of an earlier one."""
    found = {
        kind: {key: row for part in parts for key, row in part.rows.items()}
        for kind, parts in files.items()
    }
    limits: dict[str, list[Limit]] = {}
    for limit in found["doses"].values():
        limits.setdefault(limit.ingredient, []).append(limit)
    return Lists(
        drugs=found["drugs"],
        classes=found["classes"],
        pairs=found["interactions"],
        limits={name: tuple(rows) for name, rows in limits.items()},
        releases={kind: " + ".join(p.release for p in parts) for kind, parts in files.items()},
        missing=tuple(kind for kind, parts in files.items() if not parts),
    )


def _read(session: Session, kind: str, ids: Sequence[int]) -> list[Parsed]:
    """The files of a list that hold; 0 stands for “without the one that comes with the clinic”."""
    query = select(ReferenceList.content, ReferenceList.release)
    query = query.where(ReferenceList.list_id.in_(ids)).order_by(ReferenceList.list_id)
    loaded = session.execute(query).all() if ids else []
    own = None if 0 in ids else _shipped(FOLDER / f"{kind}.csv")
    return [*filter(None, [own]), *(parse(row.content, row.release) for row in loaded)]


@lru_cache(maxsize=16)
def _shipped(path: Path) -> Parsed | None:
    """The list that comes with the clinic; None where it is not there or cannot be read: the
    check then says that it is missing."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ClinicError):
        return None
