"""What a person did, in words: the actions and outcomes of the audit trail."""

from __future__ import annotations

from app.language import SOURCE, _, _k, _kp, _p, current
from app.spelling import SPOKEN, plain, word

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


def _stored(english: str) -> str:
    return english.lower().replace(" ", "-")
