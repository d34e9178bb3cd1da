"""One JSON object of a FHIR resource, read by type: a wrong type raises Broken with its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.exchange.batch import NOT_STATED, Broken, Row


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object. What is absent reads as None, an empty Node or an empty list."""

    data: Mapping[str, Any]
    path: str

    def text(self, key: str) -> str | None:
        """The text under the key; None where it is absent or blank. Raises Broken for another type."""
        value = self._typed(key, str, "a text")
        return value if value and value.strip() else None

    def number(self, key: str) -> int | float | None:
        """The number under the key, None where it is absent. Raises Broken for another type."""
        value: int | float | None = self._typed(key, (int, float), "a number")
        if isinstance(value, bool):
            raise Broken(f"{self.path}.{key} must be a number.")
        return value

    def flag(self, key: str) -> bool | None:
        """True or false, None where it is absent. Raises Broken for another type."""
        value: bool | None = self._typed(key, bool, "true or false")
        return value

    def node(self, key: str) -> Node:
        """The object under the key, an empty one where it is absent. Raises Broken for another
        type."""
        return Node(self._typed(key, dict, "an object") or {}, f"{self.path}.{key}")

    def nodes(self, key: str) -> list[Node]:
        """The objects of the list under the key, none where it is absent. Raises Broken for other
        types."""
        found = self._typed(key, list, "a list") or []
        if not all(isinstance(item, dict) for item in found):
            raise Broken(f"{self.path}.{key} must be a list of objects.")
        return [Node(item, f"{self.path}.{key}[{i}]") for i, item in enumerate(found)]

    def first(self, key: str) -> Node:
        """The first object of a list, or an empty Node."""
        return next(iter(self.nodes(key)), Node({}, f"{self.path}.{key}"))

    def texts(self, key: str) -> list[str]:
        """The texts of the list under the key without blank ones. Raises Broken for other types."""
        found = self._typed(key, list, "a list") or []
        if not all(isinstance(item, str) for item in found):
            raise Broken(f"{self.path}.{key} must be a list of texts.")
        return [item for item in found if item.strip()]

    def _typed(self, key: str, kind: Any, word: str) -> Any:
        value = self.data.get(key)
        if value is None or isinstance(value, kind):
            return value
        raise Broken(f"{self.path}.{key} must be {word}.")


def coding(concept: Node) -> Row:
    """`system`, `code` and `display` of a CodeableConcept; display is never empty."""
    return coding_of(concept, concept.first("coding"))


def coding_of(concept: Node, one: Node) -> dict[str, str | None]:
    """The same of this one among its codings."""
    code = one.text("code")
    return {
        "system": one.text("system"),
        "code": code,
        "display": one.text("display") or concept.text("text") or code or NOT_STATED,
    }


def words(concept: Node) -> str | None:
    """What a CodeableConcept says to a reader: its own text before that of the code."""
    first = concept.first("coding")
    return concept.text("text") or first.text("display") or first.text("code")
