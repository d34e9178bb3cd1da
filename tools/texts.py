"""Finds every text of the program: in Python (`_`, `_n`, `_l`, `_p`), in templates, in the scripts (the same), and
in what the tables declare: titles, sections, labels, help, words of a choice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import extract_from_ast

from app import create_app, models
from app.models.base.refusals import words
from app.spelling import plain
from app.views import setup
from app.views.generated import generate

ROOT = Path(__file__).resolve().parent.parent
PYTHON = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "_k": None,
    "_p": ((1, "c"), 2),
    "_kp": ((1, "c"), 2),
}
MARK = "\x04"
"""Stands between the context of a text and the text, as in a compiled file; `|` does in what is added."""
QUOTED = r'\s*"((?:[^"\\]|\\.)*)"'
IN_SCRIPT = re.compile(rf"(?<![\w.$])_(?:\({QUOTED}|n\({QUOTED},{QUOTED}|p\({QUOTED},{QUOTED})")


@dataclass
class Text:
    """One English text: its plural, where it has one; whether scripts show it; where it stands."""

    one: str
    many: str | None = None
    script: bool = False
    places: list[str] = field(default_factory=list)


Texts = dict[str, Text]


def texts() -> Texts:
    """Every text of the program."""
    found: Texts = {}
    for place, one, many in [*_python(), *_templates(), *_declared(), *_scripts()]:
        text = found.setdefault(one, Text(one))
        text.many = text.many or many
        text.script = text.script or place.endswith(".js")
        text.places.append(place)
    return found


def _python() -> Iterator[tuple[str, str, str | None]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield from _called(path)


def _scripts() -> Iterator[tuple[str, str, str | None]]:
    """The framework's reader knows no template literals, in which these stand as well."""
    for path in sorted((ROOT / "app/static/js").rglob("*.js")):
        for found in IN_SCRIPT.finditer(path.read_text("utf-8")):
            alone, one, many, context, word = found.groups()
            yield path.name, f"{context}{MARK}{word}" if context else alone or one, many


def _called(path: Path) -> Iterator[tuple[str, str, str | None]]:
    with path.open("rb") as file:
        for line, said, _comments, context in extract("python", file, keywords=PYTHON):
            one, many = said if isinstance(said, tuple) else (said, None)
            one, many = (f"{context}{MARK}{one}", None) if context else (one, many)
            yield f"{path.relative_to(ROOT)}:{line}", one, many


def _templates() -> Iterator[tuple[str, str, str | None]]:
    environment = create_app().jinja_env
    for path in sorted((ROOT / "app/templates").rglob("*.*")):
        tree = environment.parse(path.read_text("utf-8"))
        for line, function, said in extract_from_ast(tree, ("_", "_p", "gettext", "ngettext")):
            parts = [part for part in said if part] if isinstance(said, tuple) else [said]
            if not parts or not isinstance(parts[0], str):
                continue
            if function == "_p":
                parts = [MARK.join(parts[:2])]
            many = parts[1] if function == "ngettext" else None
            yield f"{path.relative_to(ROOT)}:{line}", parts[0], many


def _declared() -> Iterator[tuple[str, str, str | None]]:
    """What the tables say of themselves, and the sections and pages of the menu."""
    for table in models.ALL:
        if screen := table.__screen__:
            for text in _of_screen(table, screen):
                yield f"{table.__name__}.__screen__", text, None
        for column in table.columns().values():
            for stored in getattr(column.type, "enums", None) or ():
                yield f"{table.__name__}.{column.name}", plain(stored), None
    for role in models.Role:
        yield "Role", plain(role.value), None
    for page in setup.PAGES:
        yield from ((page.__name__, text, None) for text in getattr(page, "menu", ())[:2])


def _of_screen(table: type[models.Entity], screen: models.Screen) -> Iterator[str]:
    yield screen.title
    yield from (plain(stored) for offered in screen.choices.values() for stored in offered)
    yield words(table.__tablename__).capitalize()  # the audit trail says it too
    yield from filter(None, (screen.one, screen.menu, screen.empty, *screen.help.values()))
    form = generate.form_columns(table, screen)
    for name in (*screen.columns, *screen.search, *(screen.detail or ()), *form):
        yield generate.label(screen, name)
