"""What a person did, and with what, in words: actions, outcomes and tables of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from app.language import SOURCE, _, _k, _kp, _p, current
from app.spelling import SPOKEN, apart, plain, word

DEEDS = (
    _kp("deed", "Add"), _kp("deed", "Amend"), _kp("deed", "Answer"), _kp("deed", "Apart"),
    _kp("deed", "Backup"), _kp("deed", "Break glass"), _kp("deed", "Delete"), _kp("deed", "Edit"),
    _kp("deed", "End session"), _kp("deed", "Export"), _kp("deed", "Import"), _kp("deed", "List"),
    _kp("deed", "Login"), _kp("deed", "Logout"), _kp("deed", "Merge"), _kp("deed", "Open"),
    _kp("deed", "Password"), _kp("deed", "Resend"), _kp("deed", "Restore"), _kp("deed", "Search"),
    _kp("deed", "Second factor"), _kp("deed", "Show"), _kp("deed", "Sign"), _kp("deed", "Take off"),
    _kp("deed", "Unapart"), _kp("deed", "Unlock"), _kp("deed", "Unmerge"), _kp("deed", "Withdraw"),
)  # fmt: skip
OUTCOMES = (_k("Success"), _k("Failure"), _k("Refused"))
THINGS = (
    _k("Absence"), _k("Absence row"), _k("Access fact"), _k("Alert answer"), _k("Answer time"),
    _k("Answered request"), _k("Appointment series"), _k("Attachment"), _k("Audit event"),
    _k("Audit seal"), _k("Data key"), _k("Drug alert"), _k("Fact touched"), _k("Guess count"),
    _k("Job run"), _k("Login setting"), _k("Medication end"), _k("Portal token"),
    _k("Recovery code"), _k("Room fact"), _k("Rota publication"), _k("Rota template"),
    _k("Rota template row"), _k("Shift fact"), _k("Visit fact"), _k("Calendar feed made"),
    _k("Calendar feed ended"),
)  # fmt: skip
"""Names of tables that no list declares, and deeds that are said of nothing else."""


def deed(stored: str) -> str:
    """`break-glass` → “Break glass”, in the language of now; any other word as `word` says it."""
    english = plain(stored)
    found = _p("deed", english)
    return found if found != english or current() == SOURCE else word(stored)


def stored_deed(said: str) -> str:
    """What is stored of a deed that a person writes, in their language or as it is stored."""
    wanted = said.strip().lower()
    known = (_stored(english) for english in DEEDS)
    found = (stored for stored in (*known, *SPOKEN) if wanted in (stored, deed(stored).lower()))
    return next(found, _stored(wanted))


def stored_outcome(said: str) -> str:
    """As `stored_deed`, of how it ended."""
    wanted = said.strip().lower()
    found = (english for english in OUTCOMES if wanted == _(english).lower())
    return next(found, wanted).lower()


def thing(entity: str) -> str:
    """`WaitlistEntry` → “Waitlist entry”, in the language of now."""
    return word(apart(entity))


def stored_thing(said: str, known: Iterable[str]) -> str:
    """The one of `known` classes that a person means, by its name or its words in their language;
    another as it was written, its words put together."""
    wanted = said.strip().lower()
    found = (name for name in known if wanted in (name.lower(), apart(name), thing(name).lower()))
    together = "".join(part[:1].upper() + part[1:] for part in said.split())
    return next(found, together)


def _stored(english: str) -> str:
    return english.lower().replace(" ", "-")
