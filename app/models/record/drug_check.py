"""The check of a prescription: allergies, interactions, duplicates, doses.

Levels: `notify` is shown, `warn` and `block` are answered with a reason or the prescription is
not written. What the check cannot judge it says: a drug that it does not know is an alert, and so
is a list that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from app.language import _, _l
from app.models.record.clinical import NOT_SO
from app.models.record.drug_dose import excess, limit_for
from app.models.record.drug_files import Pair
from app.models.record.drug_lists import Lists
from app.models.record.drug_names import Meaning, Part, names_of
from app.models.record.prescription_tables import LEVELS

WORDS = {
    "drugs": _l("names of drugs"),
    "classes": _l("classes of drugs"),
    "interactions": _l("interactions"),
    "doses": _l("doses"),
}


@dataclass(frozen=True)
class Facts:
    """What the check knows of a patient: age in years, weight in kilograms where it is recent,
    allergies and current medication as rows of the chart."""

    years: float
    weight: float | None
    allergies: Sequence[Any]
    medication: Sequence[Any]


@dataclass(frozen=True)
class Alert:
    """One thing that speaks against a prescription."""

    kind: str
    level: str
    drug: str
    against: str
    sentence: str
    source: str
    release: str


@dataclass(frozen=True)
class Checked:
    """What the check found, the gravest first, and what it could not judge, in sentences."""

    alerts: tuple[Alert, ...]
    notes: tuple[str, ...]
    release: str


@dataclass
class _Check:
    lists: Lists
    facts: Facts
    order: Any
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = names_of(self.lists)
        self.meaning: Meaning = self.names.meaning(self.order.display)

    def run(self) -> Iterator[Alert]:
        yield from self._missing()
        yield from self._unknown()
        for allergy in self.facts.allergies:
            if allergy.verification_status not in NOT_SO:
                yield from self._allergy(allergy)
        for other in self.facts.medication:
            yield from self._together(other)
        for part in self.meaning.parts:
            yield from self._dose(part)

    def _missing(self) -> Iterator[Alert]:
        for kind in self.lists.missing:
            sentence = _(
                "The list of %(what)s is missing: this prescription was NOT checked against it. "
                "Tell the administrator, and check by other means.",
                what=WORDS[kind],
            )
            yield self._alert("missing", "warn", self.order.display, kind, sentence, "–", kind)

    def _unknown(self) -> Iterator[Alert]:
        whole = not self.meaning.ingredients and not self.meaning.unknown
        for text in (self.order.display,) if whole else self.meaning.unknown:
            sentence = _(
                "“%(text)s” is not known to the check: nothing was compared for it.", text=text
            )
            yield self._alert("unknown", "notify", text, "", sentence, "–", "drugs")

    def _allergy(self, allergy: Any) -> Iterator[Alert]:
        named = set(self.names.meaning(allergy.display).ingredients)
        groups = set(self.names.classes(allergy.display))
        if not named and not groups:
            if allergy.category in (None, "medication"):
                self.notes.append(
                    _("The allergy to %(drug)s is not known to the check.", drug=allergy.display)
                )
            return
        for name in named:
            groups |= {group for group in self._classes(name) if self._grave(group)}
        mild = allergy.criticality == "low"
        for part in self.meaning.parts:
            if found := self._reacts(part.ingredient, named, groups):
                level, why, source = found
                sentence = _(
                    "Allergy to %(substance)s: %(why)s", substance=allergy.display, why=why
                )
                if allergy.reaction:
                    sentence += " " + _("Reaction then: %(reaction)s.", reaction=allergy.reaction)
                yield self._alert(
                    "allergy", _milder(level) if mild else level, part.ingredient,
                    allergy.display, sentence, source, "drugs", "classes", "interactions",
                )  # fmt: skip

    def _reacts(self, drug: str, named: set[str], groups: set[str]) -> tuple[str, str, str] | None:
        """Level, why, source: the same drug, one of the same class, a cross-reaction."""
        if drug in named:
            why = _("%(drug)s is what the patient is allergic to.", drug=drug)
            return "block", why, _("the patient's chart")
        for name in self._classes(drug):
            if name in groups and (level := self._grave(name)):
                group = self.lists.classes[name]
                why = _(
                    "%(drug)s belongs to the same class, %(group)s.", drug=drug, group=group.title
                )
                return level, why, group.source
        known = named | {f"class:{name}" for name in groups}
        pairs = self._pairs("cross-reaction", known, self._keys(drug))
        worst = max(pairs, key=lambda pair: LEVELS.index(pair.level), default=None)
        return (worst.level, worst.effect, worst.source) if worst else None

    def _together(self, other: Any) -> Iterator[Alert]:
        theirs = self.names.meaning(other.display)
        if not theirs.ingredients:
            self.notes.append(
                _("%(drug)s, taken now, is not known to the check.", drug=other.display)
            )
        for mine in self.meaning.ingredients:
            pairs = [
                pair
                for their in theirs.ingredients
                for pair in self._pairs("interaction", self._keys(mine), self._keys(their))
            ]
            if worst := max(pairs, key=lambda pair: LEVELS.index(pair.level), default=None):
                sentence = _(
                    "%(drug)s with %(other)s: %(effect)s",
                    drug=mine,
                    other=other.display,
                    effect=worst.effect,
                )
                yield self._alert(
                    "interaction", worst.level, mine, other.display, sentence, worst.source,
                    "interactions",
                )  # fmt: skip
            yield from self._duplicate(mine, theirs, other)

    def _duplicate(self, mine: str, theirs: Meaning, other: Any) -> Iterator[Alert]:
        if mine in theirs.ingredients:
            said = _(
                "The patient takes %(drug)s already: %(other)s.", drug=mine, other=other.display
            )
            source = _("the patient's chart")
            yield self._alert("duplicate", "warn", mine, other.display, said, source, "drugs")
            return
        taken = {group for their in theirs.ingredients for group in self._classes(their)}
        for name in self._classes(mine):
            group = self.lists.classes.get(name)
            if name in taken and group and group.duplicate:
                said = _(
                    "%(drug)s is of the same class, %(group)s.",
                    drug=other.display,
                    group=group.title,
                )
                yield self._alert(
                    "duplicate", group.duplicate, mine, other.display, said, group.source, "classes"
                )
                return

    def _dose(self, part: Part) -> Iterator[Alert]:
        limit = limit_for(self.lists, part.ingredient, self.facts.years)
        if limit is None:
            if "doses" not in self.lists.missing:
                self.notes.append(
                    _("No usual dose of %(drug)s is known for this age.", drug=part.ingredient)
                )
            return
        for said in excess(self.order, part, limit, self.facts.weight, self.notes):
            yield self._alert(
                "dose", limit.level, part.ingredient, said[:300], said, limit.source, "doses"
            )

    def _pairs(self, kind: str, first: set[str], second: set[str]) -> list[Pair]:
        found = []
        for a, b in product(first, second):
            key = (kind, *(sorted((a, b)) if kind == "interaction" else (a, b)))
            if (pair := self.lists.pairs.get(key)) is not None:
                found.append(pair)
        return found

    def _classes(self, ingredient: str) -> tuple[str, ...]:
        drug = self.lists.drugs.get(ingredient)
        return drug.classes if drug else ()

    def _keys(self, ingredient: str) -> set[str]:
        return {ingredient, *(f"class:{name}" for name in self._classes(ingredient))}

    def _grave(self, name: str) -> str:
        group = self.lists.classes.get(name)
        return group.allergy if group else ""

    def _alert(
        self, kind: str, level: str, drug: str, against: str, said: str, source: str, *lists: str
    ) -> Alert:
        said = said[:1].upper() + said[1:]
        release = self.lists.release(*lists)
        return Alert(kind, level, drug[:300], against[:300], said, source[:300], release[:300])


def check(lists: Lists, facts: Facts, order: Any) -> Checked:
    """Check `order` (its `display`, `dose_value`, `dose_unit`, `timing`) against a patient."""
    work = _Check(lists, facts, order)
    alerts = {(a.kind, a.level, a.drug, a.against): a for a in work.run()}
    gravest = sorted(alerts.values(), key=lambda alert: -LEVELS.index(alert.level))
    notes = tuple(dict.fromkeys(work.notes))
    return Checked(tuple(gravest), notes, lists.release(*lists.releases))


def _milder(level: str) -> str:
    return LEVELS[max(0, LEVELS.index(level) - 1)]
