"""The words of a chart: two versions of a text beside each other, and the names of its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from app.language import _, _l, _p
from app.models import MedicalRecord
from app.models.record.amendment import intact, texts_of
from app.spelling import said

LABELS = {"notes": _l("Notes"), "diagnosis": _l("Diagnosis"), "treatment": _l("Treatment")}
MOST_WORDS = 4000
Part = tuple[str, bool]


@dataclass(frozen=True)
class Version:
    """A text that was signed; number 0 is the first. `intact` is None where no hash was kept."""

    number: int
    author: str
    at: datetime | None
    reason: str
    texts: Mapping[str, str]
    content_hash: str | None
    intact: bool | None

    @property
    def name(self) -> str:
        """What the version is called; the first is the text as it was signed."""
        return _("Amendment %(number)s", number=self.number) if self.number else _("As signed")


def versions_of(record: MedicalRecord, amended: Sequence[Any]) -> list[Version]:
    """The signed text and its amendments, oldest first; `amended` are rows of `chart.versions`."""
    whole = intact(record, [row.RecordAmendment for row in amended])
    signer = record.signer.name if record.signer else record.doctor.name
    first = Version(
        0, signer, record.signed_at, "", texts_of(record), record.content_hash, whole[0]
    )
    return [first] + [
        Version(
            row.RecordAmendment.number,
            row.author,
            row.RecordAmendment.at,
            row.RecordAmendment.reason,
            texts_of(row.RecordAmendment),
            row.RecordAmendment.content_hash,
            whole[at],
        )
        for at, row in enumerate(amended, start=1)
    ]


def beside(left: Version, right: Version) -> list[tuple[str, list[Part], list[Part]]]:
    """Label and both texts of each part, cut into pieces; a piece says whether it differs."""
    return [(LABELS[n], *_cut(left.texts[n], right.texts[n])) for n in LABELS]


def both_texts(yours: Mapping[str, str], theirs: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Label, what was typed, what is kept now: of the parts that differ."""
    return [(LABELS[n], yours[n], theirs[n]) for n in LABELS if yours[n] != theirs[n]]


def _cut(left: str, right: str) -> tuple[list[Part], list[Part]]:
    a, b = (re.findall(r"\s+|\S+", text) for text in (left, right))
    if len(a) + len(b) > MOST_WORDS:
        return [(left, left != right)], [(right, left != right)]
    gone: list[Part] = []
    come: list[Part] = []
    for what, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if i < j:
            gone.append(("".join(a[i:j]), what != "equal"))
        if k < m:
            come.append(("".join(b[k:m]), what != "equal"))
    return gone, come


def name_of_part(section: str) -> str:
    """What the trail calls a part of the chart, as the chart's own tabs and pages call it."""
    names = {
        "visits": _p("took place", "Visits"), "vitals": _("Vitals and findings"),
        "access": _p("to a chart", "Access"), "overview": _("Overview"), "search": _("Search"),
        "medication": _("Medication"), "files": _("Files"), "file": _("File"), "note": _("Note"),
        "new note": _("New note"), "prescribe": _("Prescribe"), "prescription": _("Prescription"),
        "visit summary": _("Visit summary"), "problem": _("Problem"), "allergy": _("Allergy"),
    }  # fmt: skip
    return names.get(section) or said(section)
