"""Which ingredients a drug's name means: “Simvastatin 10 MG Oral Tablet” is simvastatin.

Names come as RxNorm writes them, as brands, and as typed. Of a combination each part is looked
up by itself; a part in which nothing is known is told as unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from app.models.record.drug_lists import Lists

Found = TypeVar("Found")

_NOISE = (
    "mg g ug mcg ml l unt unit units iu meq hr h day days week pack oral tablet tablets capsule "
    "capsules injection injectable solution suspension syringe prefilled pen metered "
    "auto-injector dose dry powder inhaler actuat cream gel ointment topical spray nasal mucosal "
    "chewable extended release delayed transdermal patch system vaginal ring implant intrauterine "
    "drug sublingual rectal suppository syrup drops eye ear per film coated hydrochloride sodium"
)
NOISE = frozenset(_NOISE.split())
"""Words of units and forms, which name no drug."""
LONGEST_NAME = 5
MILLIGRAMS = {"g": 1000.0, "mg": 1.0, "µg": 0.001, "mcg": 0.001, "ug": 0.001}
_PER = re.compile(r"(?i)\b(mg|g|mcg|ug|µg|unt|units?|meq)\s*/\s*(ml|l|actuat|\d*\s*hr?|g)\b")
_PARTS = re.compile(r"\s+/\s*|(?<=[a-z])/(?=[a-z])|\s\+\s")
_STRENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(mg|g|mcg|ug|µg)\b")
_PER_ML = re.compile(r"(\d+(?:\.\d+)?)\s*(mg|g|mcg|ug|µg)_per_ml\b")
_BRAND = re.compile(r"\[[^\]]*\]")
_WORD = re.compile(r"[^\s\[\](),;/]+")


@dataclass(frozen=True)
class Part:
    """An ingredient with its strength: milligrams in one piece, and in one millilitre."""

    ingredient: str
    piece_mg: float | None = None
    ml_mg: float | None = None


@dataclass(frozen=True)
class Meaning:
    """What a name means; `unknown` are its parts in which nothing was recognised."""

    parts: tuple[Part, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def ingredients(self) -> tuple[str, ...]:
        """The names of the ingredients, in their order."""
        return tuple(part.ingredient for part in self.parts)


class Names:
    """Recognises the ingredients and classes of some lists."""

    def __init__(self, lists: Lists) -> None:
        self._drugs: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._classes: dict[tuple[str, ...], str] = {}
        for drug in lists.drugs.values():
            known = [name for name in drug.parts if name in lists.drugs and " / " not in name]
            spelled = drug.names if len(drug.parts) > 1 else (drug.ingredient, *drug.names)
            for name in spelled:
                self._drugs[tuple(words_of(name))] = tuple(known)
        for group in lists.classes.values():
            for name in (group.name, *group.words):
                self._classes[tuple(words_of(name))] = group.name

    def meaning(self, display: str) -> Meaning:
        """The ingredients of a drug's name, each once."""
        found: dict[str, Part] = {}
        unknown: list[str] = []
        plain = _PER.sub(lambda m: f"{m[1]}_per_{m[2]}", _plain(display))
        for text in filter(None, (part.strip() for part in _PARTS.split(plain))):
            words = words_of(text)
            ingredients = self._known(words_of(_BRAND.sub(" ", text))) or self._known(words)
            if not ingredients and any(_says_something(word) for word in words):
                unknown.append(text)
            alone = len(ingredients) == 1
            for name in ingredients:
                part = Part(name, *(_strength(text) if alone else (None, None)))
                if name not in found or found[name].piece_mg is None:
                    found[name] = part
        return Meaning(tuple(found.values()), tuple(unknown))

    def classes(self, words: str) -> tuple[str, ...]:
        """The classes that a text names, such as that of an allergy."""
        return tuple(dict.fromkeys(_find(words_of(words), self._classes)))

    def _known(self, words: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for names in _find(words, self._drugs) for n in names))


@lru_cache(maxsize=4)
def names_of(lists: Lists) -> Names:
    """The names of some lists, made once."""
    return Names(lists)


def _find(words: list[str], names: dict[tuple[str, ...], Found]) -> Iterable[Found]:
    """What stands in the text, the longest name first at every place."""
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_NAME, len(words) - at), 0, -1):
            if (hit := names.get(tuple(words[at : at + length]))) is not None:
                yield hit
                at += length - 1
                break
        at += 1


def _strength(text: str) -> tuple[float | None, float | None]:
    piece, liquid = _STRENGTH.search(text), _PER_ML.search(text)
    return (
        float(piece[1]) * MILLIGRAMS[piece[2]] if piece else None,
        float(liquid[1]) * MILLIGRAMS[liquid[2]] if liquid else None,
    )


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.replace("µ", "u").replace("μ", "u"))
    return "".join(c for c in text if not unicodedata.combining(c)).lower()


def words_of(text: str) -> list[str]:
    """The words of a name, in small letters without accents."""
    return _WORD.findall(_plain(text))


def _says_something(word: str) -> bool:
    return word not in NOISE and "_per_" not in word and sum(map(str.isalpha, word)) > 2
