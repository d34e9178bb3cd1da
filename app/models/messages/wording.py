"""The words of messages: Jinja templates that can say nothing but words and known variables.

What a template may hold is a short list of its syntax, so that no template runs, loops or reads
anything; a variable that its event does not have is found when the template is saved.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from app import language
from app.language import _
from app.models.base.errors import ClinicError

Said = TypeVar("Said")

LANGUAGES = tuple(language.LANGUAGES)
LOCALES = {code: spoken.locale for code, spoken in language.LANGUAGES.items()}

COMMON = ("name", "clinic")
VISIT = ("when", "date", "time", "doctor")
VARIABLES: dict[str, tuple[str, ...]] = {
    "booked": (*VISIT, "link"),
    "reminder": (*VISIT, "link"),
    "moved": (*VISIT, "before", "link"),
    "cancelled": VISIT,
    "doctor_absent": ("doctor", "lines"),
    "doctor_back": ("doctor", "lines"),
    "waitlist_offer": (*VISIT, "until", "link"),
    "running_late": (*VISIT, "minutes"),
    "record_shared": ("link",),
    "shift_published": ("week", "lines", "link"),
    "shift_removed": ("lines", "link"),
    "swap_asked": ("who", "shift", "other", "link"),
    "swap_agreed": ("who", "shift", "other", "link"),
    "swap_declined": ("who", "shift", "link"),
    "swap_approved": ("shift", "link"),
    "swap_refused": ("shift", "link"),
    "time_off_approved": ("first", "last", "link"),
    "time_off_declined": ("first", "last", "link"),
    "correction_asked": ("link",),
    "access_declined": (),
    "invitation": ("link", "until"),
    "password_reset": ("link", "until"),
    "password_changed": ("moment",),
    "login_new": ("moment", "device"),
    "login_paused": ("moment",),
    "factor_changed": ("moment", "what"),
    "glass_broken": ("who", "moment", "minutes", "link"),
    "digest": ("first", "last", "lines", "link"),
}
"""What a message can be about, and the variables that its words may use beside `COMMON`. None of
them is clinical: not the kind of visit, not its reason, nothing of the record."""

LONGEST = {"subject": 200, "body": 4000, "sms": 480}
FILTERS = ("upper", "lower", "capitalize", "title", "trim")
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If,
    nodes.Filter, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or,
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]+")

_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_environment.globals.clear()
_environment.filters = {name: _environment.filters[name] for name in FILTERS}
_environment.tests.clear()


def known(event: str) -> tuple[str, ...]:
    """The variables that a text about `event` may use."""
    return (*COMMON, *VARIABLES[event])


def check(field: str, source: str, event: str) -> None:
    """Refuse a text that cannot be rendered for every message about `event`. Raises ClinicError
    that names `field`."""
    if len(source) > LONGEST[field]:
        raise ClinicError(
            _("At most %(most)s characters fit here.", most=LONGEST[field]), field=field
        )
    if field == "subject" and "\n" in source.strip():
        raise ClinicError(_("A subject is one line."), field=field)
    for node in _nodes(field, source):
        if not isinstance(node, _ALLOWED):
            raise ClinicError(
                _("A text may hold words, {{ variables }} and {% if %}; nothing else."), field=field
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ClinicError(_("There is no filter %(name)s.", name=f"{node.name!r}"), field=field)
        if isinstance(node, nodes.Name) and node.name not in known(event):
            raise ClinicError(
                _(
                    "There is no %(name)s to fill in here; there is: %(known)s.",
                    name=f"{node.name!r}",
                    known=", ".join(known(event)),
                ),
                field=field,
            )
    try:
        render(source, dict.fromkeys(known(event), "—"))
    except TemplateError as error:
        raise ClinicError(
            _("This cannot be filled in: %(message)s", message=error.message), field=field
        ) from None


def _nodes(field: str, source: str) -> list[nodes.Node]:
    try:
        tree = _environment.parse(source)
    except TemplateError as error:
        raise ClinicError(
            _("This cannot be read: %(message)s", message=error.message), field=field
        ) from None
    return [tree, *tree.find_all(nodes.Node)]


def render(source: str, values: Mapping[str, Any]) -> str:
    """The text filled in, without control characters. Raises jinja2.TemplateError."""
    return _CONTROL.sub(" ", _compiled(source).render(values)).strip()


def line(source: str, values: Mapping[str, Any]) -> str:
    """As `render`, on one line: what becomes a header can never become two."""
    return " ".join(render(source, values).split())[: LONGEST["subject"]]


def in_each(say: Callable[[str], Said]) -> dict[str, Said]:
    """What `say` says in each language, which is spoken meanwhile, as the context of a message can
    keep it."""
    said = {}
    for code in LANGUAGES:
        with language.in_language(code):
            said[code] = say(code)
    return said


@cache
def shipped(language: str) -> dict[str, dict[str, str]]:
    """The words that come with the program: by event, and of all else around a message."""
    path = Path(__file__).parent / "words" / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8"))


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _environment.from_string(source)


def day(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """“Monday 4 May 2026” in the language, in clinic time."""
    return full_day(moment.astimezone(zone).date(), language)


def clock(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """The time on the wall, `09:30`, as that language writes it."""
    wall = moment.astimezone(zone)
    return str(format_time(wall.time(), "HH:mm", locale=LOCALES[language]))


def short_day(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """“Mon 4 May”, for a text message and a subject."""
    return _short(moment.astimezone(zone).date(), language)


@lru_cache(maxsize=1024)
def full_day(wall: date, language: str) -> str:
    """“Monday 4 May 2026” in the language."""
    return str(format_date(wall, "full", locale=LOCALES[language]))


@lru_cache(maxsize=1024)
def _short(wall: date, language: str) -> str:
    return str(format_skeleton("MMMEd", datetime.combine(wall, time()), locale=LOCALES[language]))


def moment_words(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """Day and time in one piece, “Monday 4 May 2026 at 09:30”."""
    joint = shipped(language)["joint"]["at"]
    return f"{day(moment, language, zone)}{joint}{clock(moment, language, zone)}"


def with_doctor(language: str) -> str:
    """The word between a time and the name of the doctor."""
    return shipped(language)["joint"]["with"]
