"""Every word that a template shows is marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

TEMPLATES = Path(__file__).parent.parent / "app/templates"
SHOWN = {
    "aria-label",
    "title",
    "placeholder",
    "alt",
    "label",
    "data-confirm",
    "data-confirm-button",
}
HIDDEN = {"script", "style", "code"}
SPOKEN = {"_", "_p", "gettext", "ngettext", "url_for"}
"""Calls whose arguments are marked already, or are addresses."""
TRANS = re.compile(r"\{%-?\s*(trans\b.*?endtrans|block main_class.*?endblock)\s*-?%\}", re.S)
"""What is marked by its block, and the block that holds a class of CSS."""
BRACES = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.S)
OUTPUT = re.compile(r"\{\{.*?\}\}", re.S)
WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"^[A-Z][a-z’]+([ .,…?]|$)|^[A-Z]\w* [a-z]|^[a-z]+,? [a-z]+")
THE_SAME = {
    "API", "CSV", "QR", "Error 403", "min", "JSON", "The API", "ICD-10-CM", "FHIR R4", "Tab",
}  # fmt: skip
"""Names and units that are the same in every language, and what is no text."""


class Page(HTMLParser):
    """Collects what a browser would show of a template whose Jinja has been taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        self.found += [value or "" for name, value in attrs if name in SHOWN]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            del self.inside[len(self.inside) - 1 - self.inside[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if not HIDDEN & set(self.inside):
            self.found.append(data)


def unmarked(source: str) -> list[str]:
    """Texts of a template that no translation reaches."""
    page = Page()
    page.feed(OUTPUT.sub("", BRACES.sub("", TRANS.sub("", source))))
    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"])
    literals = [text for text in _literals(environment.parse(source)) if SENTENCE.search(text)]
    texts = [re.sub(r"\s+", " ", text).strip(" ·–—:;,.()“”\n") for text in [*page.found, *literals]]
    return [
        text for text in texts if WORD.search(text) and text not in THE_SAME and '="' not in text
    ]


def _literals(node: nodes.Node) -> Iterator[str]:
    """Strings of a template's expressions that may be shown."""
    for child in node.iter_child_nodes():
        if isinstance(
            child, (nodes.Compare, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Include)
        ):
            continue
        if isinstance(child, nodes.Call) and getattr(child.node, "name", "") in SPOKEN:
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        if isinstance(child, nodes.Filter):
            yield from _literals(nodes.Output([child.node]) if child.node else nodes.Output([]))
        elif isinstance(
            child, nodes.Tuple
        ):  # ("Monday", _("Monday")): what is sent and what is shown
            marked = {
                arg.value
                for call in child.find_all(nodes.Call)
                for arg in call.args[:1]
                if isinstance(arg, nodes.Const)
            }
            yield from (text for text in _literals(child) if text not in marked)
        else:
            yield from _literals(child)


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in TEMPLATES.rglob("*.html")}),
    ids=lambda path: path.name,
)
def test_a_template_shows_no_word_that_is_not_marked_for_translation(folder: Path) -> None:
    found = {path.name: unmarked(path.read_text("utf-8")) for path in folder.glob("*.html")}
    assert not {name: texts for name, texts in found.items() if texts}


def test_a_word_beside_a_marked_one_is_found() -> None:
    source = "<p title='Old'>{{ _('Kept') }} Left{{ 'Wrong one' if x else 'y' }}</p>{% trans %}Kept{% endtrans %}"
    assert sorted(unmarked(source)) == ["Left", "Old", "Wrong one"]
