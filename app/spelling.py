"""Dates, numbers and stored words as the language of now spells them. The names are CLDR's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import parse_pattern
from babel.numbers import format_decimal, format_scientific
from flask import Flask

from app.language import LANGUAGES, SOURCE, _, current

SPOKEN = {
    "noshow": "no-show",
    "fulfilled": "done",
    "waitlist": "waiting list",
    "email": "e-mail",
    "sms": "text message",
    "email, sms": "e-mail, else text message",
    "sms, email": "text message, else e-mail",
    "icd-10-cm": "ICD-10-CM",
    "login": "sign-in",
    "logout": "sign-out",
    "lockout": "sign-in paused",
    "end-session": "session ended",
    "feed-make": "calendar feed made",
    "feed-revoke": "calendar feed ended",
    "digest": "weekly digest",
    "factor_changed": "second factor changed",
    "glass_broken": "restricted chart opened",
    "login_new": "new sign-in",
    "login_paused": "sign-in paused",
    "shift_published": "rota published",
    "shift_removed": "shift taken off",
    "waitlist_offer": "free time offered",
}
"""What is stored by another name than people say."""
LONG = 1e15
"""From here on a number is spelled with its power of ten: so many digits nobody reads, and CLDR's
patterns fail at some more."""


def spelled(moment: date | time, pattern: str) -> str:
    """A date, a time, or an instant in the zone that it has, by a CLDR pattern ("EEE d MMM, HH:mm")
    with the names of the language of now. In a template `{{ day|spelled("d MMM y") }}`; a pattern with
    long names is a text with a translation of its own, `_("EEEE d MMMM")`."""
    if type(moment) is date:
        return _day(moment, str(pattern), current())
    return str(parse_pattern(str(pattern)).apply(moment, current()))


def days_spelled(pattern: str) -> Callable[[date], str]:
    """As `spelled`, for who spells days by the thousand: the language is looked up once."""
    language = current()
    return lambda day: _day(day, pattern, language)


@lru_cache(maxsize=50_000)
def _day(day: date, pattern: str, language: str) -> str:
    """Birth dates come by the thousand, the same ones again and again."""
    return str(parse_pattern(pattern).apply(day, language))


def counted(number: float | Decimal, digits: int | None = None) -> str:
    """`number` with the thousands and the decimal sign of the language of now: "1,234.5"; with so
    many digits behind the sign, or as many as it has."""
    return _counted(number, digits, current())


@lru_cache(maxsize=10_000)
def _counted(number: float | Decimal, digits: int | None, language: str) -> str:
    """A report has hundreds of numbers, the small ones again and again."""
    if abs(float(number)) >= LONG:
        return str(format_scientific(number, "0.######E0", locale=language))
    shape = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(number, shape, locale=language))


def measured(number: float) -> str:
    """A quantity of a drug: never with a sign between thousands, which could be read as a decimal."""
    return _measured(number, current())


@lru_cache(maxsize=10_000)
def _measured(number: float, language: str) -> str:
    """A chart has a hundred quantities, of a few values."""
    shape = "0.######" if abs(number) < LONG else "0.######E0"
    return str(format_decimal(number, shape, locale=language, group_separator=False))


def plain(stored: str) -> str:
    """The English words of what is stored: `checked-in` → “Checked in”. They are its text's key."""
    if stored in LANGUAGES:
        return LANGUAGES[stored].english
    words = SPOKEN.get(stored) or stored.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def word(stored: str) -> str:
    """What is stored, such as a status or a role, as it begins a label."""
    found = _(plain(stored))
    return found[:1].upper() + found[1:]


def several(stored: str) -> str:
    """Stored words by comma, as people say them: `Monday, Friday` → “lunes, viernes”."""
    return ", ".join(word(one.strip()) for one in stored.split(",") if one.strip())


def stored_words(said: str, known: Iterable[str]) -> str:
    """The way back: each word as it is stored, where it is one of `known` in the language of now;
    any other as it was written."""
    stored = {spoken.lower(): one for one in known for spoken in (one, plain(one), word(one))}
    written = (one.strip() for one in said.split(","))
    return ", ".join(stored.get(one.lower(), one) for one in written if one)


def tongue(tag: str | None) -> str:
    """The name of a language by its BCP 47 tag: `vi` or `vi-VN` → “Vietnamese”; an unknown tag as it is."""
    code = (tag or "").replace("_", "-").split("-")[0].lower()
    name = str(Locale.parse(current()).languages.get(code) or tag or "")
    return name[:1].upper() + name[1:]


def apart(name: str) -> str:
    """`WaitlistEntry` → “waitlist entry”: the words of the name of a class; a word stays as it is."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def said(text: str) -> str:
    """A word that is a variable, as `_`; one that is stored keeps its small letter."""
    found = _(text)
    if found != text or current() == SOURCE:
        return found
    words = word(text)
    if words == plain(text):
        return text
    return words if text[:1].isupper() else words[:1].lower() + words[1:]


def init_app(app: Flask) -> None:
    """Give the templates these filters."""
    app.jinja_env.filters.update(
        spelled=spelled, counted=counted, measured=measured, said=said, word=word
    )
