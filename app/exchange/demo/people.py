"""The patients of the demo clinic: who they are, what they suffer from, how they measure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from app.exchange.demo.cases import ALLERGIES, CHRONIC, Allergy, Chronic
from app.exchange.demo.names import CULTURES, INSURERS, PHONES, STREETS, TOWNS, Culture
from app.language import nearest
from app.models.record.code_systems import SNOMED
from app.models.record.none_known import NONE_KNOWN, NOTHING_KNOWN

YEAR = 365.25
_PLAIN = str.maketrans({"Đ": "D", "đ": "d", "Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "ß": "ss"})


@dataclass(slots=True)
class Home:
    """What a household shares."""

    culture: Culture
    family: str
    address: str
    phone: str
    insurer: tuple[str, str] | None


@dataclass(slots=True)
class Person:
    """A patient as the other parts of the demo need one; `id` is the row's."""

    id: int
    number: int
    given: str
    home: Home
    dob: date
    sex: str
    chronic: tuple[Chronic, ...]
    allergies: tuple[Allergy, ...]
    height: float
    bmi: float
    pressure: float
    kilos_a_year: float

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.home.family}"

    def age(self, day: date) -> float:
        """Years, with their fraction, on `day`; negative before birth."""
        return (day - self.dob).days / YEAR

    def visits_wanted(self, today: date) -> int:
        """How often this person comes, against others."""
        age = self.age(today)
        return 1 + 2 * len(self.chronic) + (age > 60) + (age < 5)


def people(rng: Random, count: int, first_id: int, today: date) -> list[Person]:
    """`count` patients in households, the first of them a woman of 54 with a story to tell."""
    found = [_heroine(rng, first_id, today)]
    while len(found) < count:
        home = _home(rng)
        for age, sex in _household(rng):
            number = len(found) + 1
            found.append(_person(rng, first_id, number, home, age, sex, today))
    return found[:count]


def _heroine(rng: Random, first_id: int, today: date) -> Person:
    home = Home(CULTURES[0], "O'Connor", "7 Harbour View, Lindenford LF1 4QT",
                "07700 900142", INSURERS[0])  # fmt: skip
    person = _person(rng, first_id, 1, home, 54, "female", today)
    person.given, person.height, person.bmi, person.pressure = "Zoë", 166.0, 27.4, 158.0
    person.kilos_a_year = -2.0
    person.chronic = tuple(c for c in CHRONIC if c.code in {"I10", "E78.5", "J45.909"})
    person.allergies = tuple(a for a in ALLERGIES if a.display in {"Penicillin", "Latex"})
    return person


def _home(rng: Random) -> Home:
    culture = rng.choice(CULTURES)
    namesake = culture if rng.random() < 0.85 else rng.choice(CULTURES)
    family = rng.choice(namesake.family)
    if rng.random() < 0.08:
        second = rng.choice(culture.family)
        family = family if second == family else f"{family}-{second}"
    town, code = rng.choice(TOWNS)
    letters = "".join(rng.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
    street = f"{rng.randint(1, 148)} {rng.choice(STREETS)}"
    address = f"{street}, {town} {code} {rng.randint(1, 9)}{letters}"
    phone = f"{rng.choice(PHONES)}{rng.randint(0, 999):03d}"
    insurer = rng.choice(INSURERS) if rng.random() < 0.94 else None
    return Home(culture, family, address, phone, insurer)


def _household(rng: Random) -> Iterator[tuple[int, str]]:
    """Ages (years) and sexes of those who live together and come here."""
    first = min(95, max(19, round(rng.triangular(18, 95, 42))))
    sex = rng.choice(("female", "male"))
    yield first, sex
    if rng.random() < 0.45:
        yield min(95, max(19, first + rng.randint(-6, 6))), _other(sex)
    if 24 <= first <= 56 and rng.random() < 0.55:
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            yield rng.randint(1, max(1, min(17, first - 22))), rng.choice(("female", "male"))


def _other(sex: str) -> str:
    return "male" if sex == "female" else "female"


def _person(
    rng: Random, first_id: int, number: int, home: Home, age: int, sex: str, today: date
) -> Person:
    given = rng.choice(home.culture.female if sex == "female" else home.culture.male)
    born = today - timedelta(days=int(age * YEAR) + rng.randint(1, 364))
    chronic = tuple(c for c in CHRONIC if age >= c.from_age and rng.random() < c.share)
    allergies = tuple(a for a in ALLERGIES if rng.random() < a.share)
    tension = 26 if any(c.code == "I10" for c in chronic) else 0
    return Person(
        id=first_id + number - 1,
        number=number,
        given=given,
        home=home,
        dob=born,
        sex=sex,
        chronic=chronic,
        allergies=allergies,
        height=round(rng.gauss(164 if sex == "female" else 177, 6.5), 1),
        bmi=min(38.0, max(18.5, rng.gauss(25.5, 3.6))),
        pressure=108 + 0.3 * min(age, 70) + tension + rng.gauss(0, 6),
        kilos_a_year=rng.gauss(0.2, 1.2),
    )


def patient_rows(found: Sequence[Person], rng: Random) -> Iterator[dict[str, Any]]:
    """The patients as rows of `patient`."""
    taken: set[str] = set()
    for person in found:
        insurer = person.home.insurer
        yield {
            "patient_id": person.id,
            "record_number": f"P-{person.number:06d}",
            "name": person.name,
            "family_name": person.home.family,
            "dob": person.dob,
            "sex": person.sex,
            "phone": person.home.phone,
            "email": _email(person, taken),
            "contact_info": person.home.address,
            "insurance_details": f"{insurer[0]}, policy {insurer[1]}-{rng.randint(10**6, 10**7)}"
            if insurer
            else "Self-paying",
            "language": nearest(person.home.culture.language),
            "language_tag": person.home.culture.language,
            "identifier": f"demo:patient:{person.number}",
        }


def email(name: str) -> str:
    """The address of a made-up person, in a domain that is kept for examples."""
    ascii_only = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    words = ascii_only.encode("ascii", "ignore").decode().lower().replace("'", "").split()
    return f"{'.'.join(words)}@example.org"


def _email(person: Person, taken: set[str]) -> str:
    address = email(person.name)
    if address in taken:
        address = address.replace("@example.org", f".{person.number}@example.com")
    taken.add(address)
    return address


def allergy_rows(found: Sequence[Person], rng: Random, today: date) -> Iterator[dict[str, Any]]:
    """What the patients do not bear, as rows of `allergy_intolerance`."""
    for person in found:
        for allergy in person.allergies:
            known_since = rng.randint(max(person.dob.year, today.year - 40), today.year - 1)
            yield {
                "patient_id": person.id,
                "system": None,
                "code": None,
                "display": allergy.display,
                "clinical_status": "active",
                "verification_status": "confirmed",
                "type": "allergy",
                "category": allergy.category,
                "criticality": allergy.criticality,
                "reaction": allergy.reaction,
                "recorded": str(known_since),
            }
        if not person.allergies and person.number % 5:
            asked = today - timedelta(days=person.number * 7 % 900)
            yield _none_known(person, max(asked, person.dob))


def _none_known(person: Person, asked: date) -> dict[str, Any]:
    """The answer of who knows of no allergy; a few were never asked."""
    return {
        "patient_id": person.id,
        "system": SNOMED,
        "code": NOTHING_KNOWN,
        "display": NONE_KNOWN,
        "clinical_status": "active",
        "verification_status": "confirmed",
        "type": None,
        "category": None,
        "criticality": None,
        "reaction": None,
        "recorded": asked.isoformat(),
    }
