"""The files of the lists of drugs: a version, a header, rows.

Such a file begins with `# version: …`, then a header:

drugs         ingredient, ATC code, other names, classes, usual route and forms; a row whose
              ingredient names several by “ / ” is a combination of them
classes       words by which allergies name a class, and how grave an allergy to it or a second
              drug of it is (`notify`, `warn`, `block`, or empty)
interactions  two drugs or classes (`class:…`), a level, what happens; a cross-reaction leads
              from what someone is allergic to, to what is given
doses         the most in milligrams at once, a day, and a day by kilogram, for an age in years
              from–to (exclusive); 0 a day: not at that age; `least_days` between two doses

Lists in a cell are parted by `|`; every row of judgement names its source.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.models.base.errors import ClinicError
from app.models.record.prescription_tables import LEVELS

VERSION = "# version:"
Row = Mapping[str, str]


@dataclass(frozen=True)
class Drug:
    """An ingredient, or a combination of several (`parts`)."""

    ingredient: str
    atc: str
    names: tuple[str, ...]
    classes: tuple[str, ...]
    route: str
    forms: tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The ingredients of a combination, each by itself."""
        return tuple(self.ingredient.split(" / "))


@dataclass(frozen=True)
class DrugClass:
    """A class of drugs from the list `classes`: by which words an allergy to it is known, and at
    which level an allergy to it or two drugs of it alert."""

    name: str
    title: str
    words: tuple[str, ...]
    allergy: str
    duplicate: str
    source: str


@dataclass(frozen=True)
class Pair:
    """Two that do not go together; of a cross-reaction the first is the allergy."""

    kind: str
    first: str
    second: str
    level: str
    effect: str
    source: str


@dataclass(frozen=True)
class Limit:
    """The most of a drug at an age; milligrams, years, days."""

    ingredient: str
    from_years: float
    to_years: float | None
    single: float | None
    daily: float | None
    daily_per_kg: float | None
    least_days: float | None
    level: str
    source: str


SHAPES: dict[str, tuple[str, ...]] = {
    "drugs": ("ingredient", "atc", "names", "classes", "route", "forms"),
    "classes": ("class", "title", "words", "allergy", "duplicate", "source"),
    "interactions": ("kind", "first", "second", "level", "effect", "source"),
    "doses": (
        "ingredient", "from_years", "to_years", "single_mg", "daily_mg", "daily_mg_per_kg",
        "least_days", "level", "source",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """One file: what it is, its release, and its rows by their key."""

    kind: str
    release: str
    rows: Mapping[Any, Any]


def parse(text: str, release: str | None = None) -> Parsed:
    """Read a file; its header says which list it is. Raises ClinicError that names the line."""
    lines = text.lstrip("\ufeff").splitlines()
    if lines and lines[0].lower().startswith(VERSION):
        release = release or lines[0][len(VERSION) :].strip()
        lines[0] = ""
    if not release or len(release) > 60:
        raise ClinicError(f"The list names no version: begin it with “{VERSION} 2026.11”.")
    reader = csv.DictReader(io.StringIO("\n".join(line for line in lines if line)))
    header = tuple(reader.fieldnames or ())
    kind = next((kind for kind, columns in SHAPES.items() if set(columns) <= set(header)), None)
    if kind is None:
        raise ClinicError("The header is that of no list; see the documentation of the columns.")
    rows: dict[Any, Any] = {}
    for number, raw in enumerate(reader, start=1):
        try:
            key, value = _READ[kind]({name: (raw[name] or "").strip() for name in SHAPES[kind]})
        except (KeyError, ValueError) as error:
            raise ClinicError(f"Row {number} of the list of {kind}: {error}") from None
        rows[key] = value
    if not rows:
        raise ClinicError(f"The list of {kind} has no rows.")
    return Parsed(kind, release, rows)


def _cells(raw: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in raw.split("|"))))


def _level(raw: str, *, needed: bool = True) -> str:
    if raw not in LEVELS and (raw or needed):
        raise ValueError(f"the level is one of {', '.join(LEVELS)}")
    return raw


def _named(raw: str, what: str) -> str:
    if not raw:
        raise ValueError(f"the {what} is missing")
    return raw


def _number(raw: str) -> float | None:
    return float(raw) if raw else None


def _drug(row: Row) -> tuple[str, Drug]:
    name = _named(row["ingredient"], "ingredient").lower()
    names, classes, forms = (_cells(row[key]) for key in ("names", "classes", "forms"))
    return name, Drug(name, row["atc"], names, classes, row["route"], forms)


def _drug_class(row: Row) -> tuple[str, DrugClass]:
    name = _named(row["class"], "class").lower()
    allergy, duplicate = (_level(row[key], needed=False) for key in ("allergy", "duplicate"))
    title, source = row["title"] or name, _named(row["source"], "source")
    return name, DrugClass(name, title, _cells(row["words"]), allergy, duplicate, source)


def _pair(row: Row) -> tuple[tuple[str, str, str], Pair]:
    if row["kind"] not in {"interaction", "cross-reaction"}:
        raise ValueError("the kind is interaction or cross-reaction")
    first, second = (_named(row[key], key).lower() for key in ("first", "second"))
    if row["kind"] == "interaction":
        first, second = sorted((first, second))
    level, effect = _level(row["level"]), _named(row["effect"], "effect")
    pair = Pair(row["kind"], first, second, level, effect, _named(row["source"], "source"))
    return (pair.kind, first, second), pair


def _limit(row: Row) -> tuple[tuple[str, float], Limit]:
    name = _named(row["ingredient"], "ingredient").lower()
    start, to, once, day, kilogram, days = (_number(row[key]) for key in SHAPES["doses"][1:7])
    start = start or 0.0
    level, source = _level(row["level"]), _named(row["source"], "source")
    return (name, start), Limit(name, start, to, once, day, kilogram, days, level, source)


_READ: dict[str, Callable[[Row], tuple[Any, Any]]] = {
    "drugs": _drug,
    "classes": _drug_class,
    "interactions": _pair,
    "doses": _limit,
}
