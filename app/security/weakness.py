"""What makes a password one that is guessed first, or short."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import current_app
from zxcvbn import zxcvbn

from app.language import _, _k

SHORTEST_PASSWORD = 12
STRENGTH = 3
"""Of zxcvbn's 0 to 4: safely unguessable in an attack on a stolen, slowly hashed list."""
JUDGED = 72
"""How many characters zxcvbn looks at; more would take it long and change nothing."""

SHORT = 2
"""Words of so few letters are in too many passwords to mean anything."""

GUESSED = (
    _k("Straight rows of keys are easy to guess"),
    _k("Short keyboard patterns are easy to guess"),
    _k('Repeats like "aaa" are easy to guess'),
    _k('Repeats like "abcabcabc" are only slightly harder to guess than "abc"'),
    _k('Sequences like "abc" or "6543" are easy to guess'),
    _k("Recent years are easy to guess"),
    _k("Dates are often easy to guess"),
    _k("This is a top-10 common password"),
    _k("This is a top-100 common password"),
    _k("This is a very common password"),
    _k("This is similar to a commonly used password"),
    _k("A word by itself is easy to guess"),
    _k("Names and surnames by themselves are easy to guess"),
    _k("Common names and surnames are easy to guess"),
)
"""What the judge of passwords says, without the point."""


def weakness(password: str, about: Iterable[str | None]) -> str | None:
    """A sentence that says why a password would be guessed, or None. `about` are words that those
    who know the person try first."""
    known = [*_words(*about, current_app.config["CLINIC_NAME"]), "clinic"]
    judged = zxcvbn(_without(password[:JUDGED], known), user_inputs=known)
    if judged["score"] >= STRENGTH:
        return None
    why = judged["feedback"]["warning"].rstrip(".") or _k("It would be guessed soon")
    return _(
        "%(why)s. Choose several words that have nothing to do with each other.",
        why=_(why),  # of the library's words, those without a translation stay English
    )


def _words(*about: str | None) -> list[str]:
    parts = [part.lower() for text in about for part in re.split(r"[\W_]+", text or "")]
    return [part for part in parts if len(part) > SHORT]


def _without(password: str, known: Iterable[str]) -> str:
    """Each known word counts as one letter, wherever it stands."""
    for word in known:
        password = re.sub(re.escape(word), word[0], password, flags=re.IGNORECASE)
    return password
