"""The language that a person reads: which one it is, and every text in it.

English texts are the keys (`_("Book a visit")`); the other languages are the `.po` files below
`translations/`, read once by each process. A text without its translation stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_appbuilder
from babel.core import get_global
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, current_app, g, has_request_context, request, session
from flask.signals import appcontext_popped, appcontext_pushed
from flask_babel import force_locale
from flask_babel.speaklater import LazyString
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

FOLDER = Path(__file__).parent / "translations"
FRAMEWORK = Path(flask_appbuilder.__file__).parent / "translations"
SOURCE = "en"
"""The language that the texts are written in."""
COOKIE = "language"
"""Where the session keeps what was chosen before signing in."""


@dataclass(frozen=True)
class Language:
    """A language that the clinic speaks. `locale` spells its dates and numbers (CLDR)."""

    english: str
    own: str
    locale: str


LANGUAGES = {
    "en": Language("English", "English", "en_GB"),
    "es": Language("Spanish", "Español", "es"),
}

_forced: ContextVar[str | None] = ContextVar("language", default=None)
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
"""What `current` has found for this request: it is asked hundreds of times a page."""


def _(text: str, /, **values: Any) -> str:
    """`text` in the language of now, with `%(name)s` filled in where `values` are given."""
    said: str = catalogue(current()).gettext(text)
    return said % values if values else said


def _p(context: str, text: str, /, **values: Any) -> str:
    """As `_`, for an English word that other languages have two of: `_p("took place", "Visit")`."""
    said = str(catalogue(current()).pgettext(context, text))
    return said % values if values else said


def _n(one: str, many: str, num: int, /, **values: Any) -> str:
    """As `_`, by a number, which is `%(num)s` in both texts, spelled as the language does."""
    said: str = catalogue(current()).ngettext(one, many, num)
    return said % {"num": _number(num), **values}


def _number(num: int) -> str:
    return str(num) if -1000 < num < 1000 else str(format_decimal(num, locale=locale()))


class LazyText(LazyString):
    """A text whose language is that of where it is shown; safe in a page like any other text."""

    def __html__(self) -> str:
        return str(escape(str(self)))


def _l(text: str, /, **values: Any) -> Any:
    """As `_`, for a text made while the program starts; it becomes a `str` where it is shown."""
    return LazyText(_, text, **values)


def _k(text: str, /) -> str:
    """Marks a text that is kept as it is written, in the database or by a standard; where it is
    shown, `_(row.reason)` says it."""
    return text


def _kp(_context: str, text: str, /) -> str:
    """As `_k`, for a word that other languages have two of; `_p` with the same context shows it."""
    return text


def current() -> str:
    """The code of the language that is spoken now: that of `in_language`, else of the person whose
    request this is, else of the clinic."""
    if known := _forced.get() or _spoken.get():
        return known
    try:
        found: str | None = g.get("language")
    except RuntimeError:  # nobody is asking
        return SOURCE
    g.language = chosen = found or _of_request() or current_app.config["CLINIC_LANGUAGE"]
    _spoken.set(chosen)
    return str(chosen)


def locale() -> str:
    """The CLDR name by which Babel spells dates and numbers now."""
    return LANGUAGES[current()].locale


def nearest(said: str | None) -> str | None:
    """The one of `LANGUAGES` that a tag (BCP 47 `es-ES`, POSIX `en_US`, ISO 639-2 `spa`) or a name
    means; None where the clinic speaks another."""
    word = (said or "").strip().lower()
    first = re.split("[-_]", word)[0]
    code = get_global("language_aliases").get(first, first)
    if code in LANGUAGES:
        return str(code)
    names = {name.lower(): c for c, one in LANGUAGES.items() for name in (one.english, one.own)}
    return names.get(word)


def prefer(code: str | None) -> None:
    """Speak to the person of this request in the language that is known to be theirs; none, or
    one that the clinic does not speak, changes nothing."""
    if code in LANGUAGES:
        g.language = code
        _spoken.set(code)
        g.pop("_flask_babel", None)  # where flask_babel keeps what it chose before


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Speak `code` in this block: a message goes out in the language of who gets it."""
    token = _forced.set(code)
    try:
        with force_locale(LANGUAGES[code].locale):
            yield
    finally:
        _forced.reset(token)


def _of_request() -> str | None:
    """What the person chose, else what this browser chose, else what it accepts."""
    if not has_request_context():
        return None
    if "_user_id" in session:
        with suppress(SQLAlchemyError):  # the page that says so asks no database for its language
            bool(current_user)  # looks the person up, who may `prefer` a language
    known = g.get("language") or session.get(COOKIE)
    return known if known in LANGUAGES else request.accept_languages.best_match(LANGUAGES)


@cache
def catalogue(code: str) -> Translations:
    """Every text in a language: ours, and below them the framework's own."""
    found = Translations.load(str(FRAMEWORK), [code])
    texts = Translations(domain="messages")
    if isinstance(found, Translations):
        texts.merge(found)
        texts.plural = found.plural
    compiled = BytesIO()
    write_mo(compiled, _file(code))
    compiled.seek(0)
    ours = Translations(compiled)
    texts.merge(ours)
    texts.plural = ours.plural
    return texts


def of_scripts(code: str) -> dict[str, Any]:
    """What the scripts say: English to its translation, or to the list of its plural forms; a
    context stands before its text, with \\x04 between them."""
    return {
        (f"{message.context}\x04" if message.context else "")
        + str(message.id[0] if message.pluralizable else message.id): message.string
        for message in _file(code)
        if "script" in message.auto_comments
    }


@cache
def _file(code: str) -> Catalog:
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def init_app(app: Flask) -> None:
    """Teach the framework and the templates these languages; after the framework has started."""
    babel = app.extensions["babel"]
    babel.locale_selector = locale
    for code, language in LANGUAGES.items():
        babel.instance.domain_instance.cache[language.locale, "messages"] = catalogue(code)
    app.jinja_env.globals.update(_=_in_page, gettext=_in_page, ngettext=_n_in_page, _p=_p)
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    for signal in (appcontext_pushed, appcontext_popped):
        signal.connect(_forget, app)


def _forget(_app: Flask) -> None:
    """Where a request begins or ends, another person may speak."""
    _spoken.set(None)


@pass_eval_context
def _in_page(context: EvalContext, text: str, /, **values: Any) -> str:
    """As `_` in a template: what is filled in is escaped, and a percent sign is written twice."""
    code = current()
    said = _marked(code, text) if context.autoescape else catalogue(code).gettext(text)
    filled: str = said % values if "%" in said else said
    return filled


@lru_cache(maxsize=10_000)
def _marked(code: str, text: str) -> Markup:
    """A text of ours as a page says it, which is asked for again and again."""
    said = catalogue(code).gettext(text)
    return Markup(said)  # noqa: S704  # nosec B704


@pass_eval_context
def _n_in_page(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    said = catalogue(current()).ngettext(one, many, num)
    if context.autoescape:
        said = Markup(said)  # noqa: S704  # nosec B704
    filled: str = said % {"num": _number(num), **values}
    return filled
