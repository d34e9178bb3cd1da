"""Whatever the code says to a person is a text with translations, never a bare literal."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from app.models import ClinicError
from tests.test_layers import FILES, name_of

SPOKEN = {"flash", "Card", "Panel", "Tile", "Act", "Link", "Figure", "Total", "Reason"}
"""What shows its words to a person, beside the refusals."""

FOR_OPERATORS = (
    "app/exchange/", "app/upkeep/", "app/models/record/drug_files.py", "app/models/trail/verifying.py",
)  # fmt: skip
"""Said on the command line, which speaks English."""


def refusals(kind: type[ClinicError] = ClinicError) -> Iterator[str]:
    yield kind.__name__
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)


def unmarked(source: str) -> list[str]:
    """The sentences that go to a person without their mark: a literal with a blank in it, or an
    f-string with a letter in it."""
    speaks = SPOKEN | set(refusals())
    return [
        ast.unparse(said)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in speaks
        for said in node.args
        if _is_sentence(said)
    ]


def _is_sentence(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        words = "".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
        return any(letter.isalpha() for letter in words)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def test_every_sentence_of_the_code_is_marked_for_translation() -> None:
    files = {name_of(path): path for path in FILES if not name_of(path).startswith(FOR_OPERATORS)}
    found = {name: unmarked(path.read_text()) for name, path in files.items()}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "line",
    [
        'raise ClinicError("Choose a time.", field="start")',
        'raise errors.NotFound("There is no such page.")',
        'flash(f"Kept: {name}.", "success")',
        'Card("Waiting now", 3, "", "fa-couch")',
    ],
)
def test_a_sentence_without_its_mark_is_found(line: str) -> None:
    assert len(unmarked(line)) == 1


def test_marked_sentences_and_words_of_the_program_are_left_alone() -> None:
    assert unmarked('raise ClinicError(_("Choose a time."), field="start")') == []
    assert unmarked('flash(said, "success")') == []
    assert unmarked('BadFilter(f"{label}: {error.message}")') == []
