"""The check of prescriptions by itself: names, allergies, interactions, duplicates, doses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.models import ClinicError
from app.models.record import drug_files, drug_lists
from app.models.record.drug_check import Alert, Checked, Facts, check
from app.models.record.drug_lists import Lists
from app.models.record.drug_names import names_of


def shipped(kind: str) -> Any:
    text = (drug_lists.FOLDER / f"{kind}.csv").read_text(encoding="utf-8")
    return drug_files.parse(text)


@pytest.fixture(scope="module")
def lists() -> Lists:
    """The four that come with the clinic."""
    return drug_lists.assemble({kind: [shipped(kind)] for kind in drug_files.SHAPES})


def order(display: str, dose: float | None = None, unit: str = "mg", timing: str = "QD") -> Any:
    return SimpleNamespace(display=display, dose_value=dose, dose_unit=unit, timing=timing)


def allergy(display: str, criticality: str | None = "high", **more: Any) -> Any:
    said = {"verification_status": None, "category": "medication", "reaction": None} | more
    return SimpleNamespace(display=display, criticality=criticality, **said)


def taking(*displays: str) -> list[Any]:
    return [SimpleNamespace(display=display) for display in displays]


def checked(lists: Lists, what: Any, *, years: float = 40, weight: float | None = 70.0,
            allergies: Any = (), taken: Any = ()) -> Checked:  # fmt: skip
    return check(lists, Facts(years, weight, allergies, taking(*taken)), what)


def found(lists: Lists, what: Any, **facts: Any) -> list[tuple[str, str]]:
    return [(alert.kind, alert.level) for alert in checked(lists, what, **facts).alerts]


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("Simvastatin 10 MG Oral Tablet", ["simvastatin"]),
        ("Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet", ["amoxicillin", "clavulanate"]),
        ("NDA020503 200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", ["salbutamol"]),
        ("Acetaminophen 325 MG / Oxycodone Hydrochloride 10 MG Oral Tablet [Percocet]",
         ["paracetamol", "oxycodone"]),
        ("Lasix 40mg", ["furosemide"]), ("Simvistatin 10 MG", ["simvastatin"]),
        ("AUGMENTIN", ["amoxicillin", "clavulanate"]), ("Vitamin B 12 5 MG/ML", ["cyanocobalamin"]),
    ],
)  # fmt: skip
def test_a_drug_is_recognised_by_its_ingredients(
    lists: Lists, name: str, ingredients: list[str]
) -> None:
    meaning = names_of(lists).meaning(name)
    assert list(meaning.ingredients) == ingredients
    assert meaning.unknown == ()


def test_strengths_are_read_by_the_piece_and_by_the_millilitre(lists: Lists) -> None:
    parts = names_of(lists).meaning("Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet").parts
    assert [part.piece_mg for part in parts] == [250, 125]
    (liquid,) = names_of(lists).meaning("Ampicillin 100 MG/ML Injectable Solution").parts
    assert (liquid.piece_mg, liquid.ml_mg) == (None, 100)


def test_a_drug_that_is_not_known_says_so(lists: Lists) -> None:
    (alert,) = checked(lists, order("Wondermycin 5 mg tablet")).alerts
    assert (alert.kind, alert.level) == ("unknown", "notify")
    assert "not known to the check" in alert.sentence


def test_an_unknown_part_of_a_combination_says_so(lists: Lists) -> None:
    assert found(lists, order("Amoxicillin 250 mg / Wondermycin 5 mg")) == [("unknown", "notify")]


def test_simvastatin_with_verapamil_is_blocked(lists: Lists) -> None:
    verapamil = order("Verapamil Hydrochloride 40 MG", 40, "mg", "TID")
    (alert,) = checked(lists, verapamil, taken=["Simvastatin 20 MG Oral Tablet"]).alerts
    assert (alert.kind, alert.level) == ("interaction", "block")
    assert alert.against == "Simvastatin 20 MG Oral Tablet"
    assert alert.release == "interactions 2026.11"
    assert alert.source == "US prescribing information of simvastatin"


@pytest.mark.parametrize(
    ("given", "taken"),
    [("Ibuprofen 400 mg tablet", "Warfarin Sodium 5 MG Oral Tablet"),
     ("Warfarin 5 mg tablet", "Ibuprofen 200 MG Oral Tablet")],
)  # fmt: skip
def test_warfarin_with_ibuprofen_is_blocked_either_way(
    lists: Lists, given: str, taken: str
) -> None:
    assert ("interaction", "block") in found(lists, order(given), taken=[taken])


def test_an_allergy_to_penicillin_blocks_amoxicillin_by_its_class(lists: Lists) -> None:
    penicillin = allergy("Penicillin", reaction="Hives")
    (alert,) = checked(
        lists, order("Amoxicillin 500 mg capsule", 500), allergies=[penicillin]
    ).alerts
    assert (alert.kind, alert.level) == ("allergy", "block")
    assert "Penicillins" in alert.sentence
    assert "Hives" in alert.sentence


@pytest.mark.parametrize(
    ("substance", "drug", "level"),
    [
        ("Amoxicillin", "Amoxicillin 500 mg capsule", "block"),
        ("Penicillin V", "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet", "block"),
        ("Penicillin allergy", "Cefuroxime 250 mg tablet", "warn"),
        ("Aspirin", "Ibuprofen 400 mg tablet", "block"),
        ("Sulfa drugs", "Sulfamethoxazole 800 mg / trimethoprim 160 mg tablet", "block"),
        ("Lisinopril", "Ramipril 5 mg capsule", "block"),
    ],
)
def test_an_allergy_is_found_by_ingredient_class_and_cross_reaction(
    lists: Lists, substance: str, drug: str, level: str
) -> None:
    assert ("allergy", level) in found(lists, order(drug), allergies=[allergy(substance)])


def test_an_allergy_of_low_risk_is_one_level_milder(lists: Lists) -> None:
    mild = allergy("Penicillin", "low")
    assert found(lists, order("Amoxicillin 500 mg capsule"), allergies=[mild]) == [
        ("allergy", "warn")
    ]


def test_a_refuted_allergy_does_not_count(lists: Lists) -> None:
    refuted = allergy("Penicillin", verification_status="refuted")
    assert found(lists, order("Amoxicillin 500 mg capsule"), allergies=[refuted]) == []


@pytest.mark.parametrize(
    "substance", ["Allergy to nut", "Shellfish allergy", "Dander (animal) allergy"]
)
def test_food_and_dust_say_nothing_of_drugs(lists: Lists, substance: str) -> None:
    food = allergy(substance, category="food")
    answer = checked(lists, order("Amoxicillin 500 mg capsule", 500), allergies=[food])
    assert (answer.alerts, answer.notes) == ((), ())


def test_an_allergy_to_a_drug_that_is_not_known_is_told(lists: Lists) -> None:
    answer = checked(lists, order("Amoxicillin 500 mg capsule"), allergies=[allergy("Wondermycin")])
    assert "The allergy to Wondermycin is not known to the check." in answer.notes


def test_a_drug_taken_now_that_is_not_known_is_told(lists: Lists) -> None:
    answer = checked(lists, order("Amoxicillin 500 mg capsule"), taken=["Wondermycin"])
    assert "Wondermycin, taken now, is not known to the check." in answer.notes


def test_the_same_drug_and_one_of_the_same_class_are_duplicates(lists: Lists) -> None:
    simvastatin = order("Simvastatin 20 mg tablet", 20)
    assert found(lists, simvastatin, taken=["Simvistatin 10 MG"]) == [("duplicate", "warn")]
    assert found(lists, simvastatin, taken=["Atorvastatin 20 mg tablet"]) == [("duplicate", "warn")]


@pytest.mark.parametrize(
    ("what", "years", "weight", "level"),
    [
        (order("Paracetamol 500 mg tablet", 2, "tablet", "QID"), 40, 70, None),
        (order("Paracetamol 500 mg tablet", 3, "tablet", "QID"), 40, 70, "warn"),
        (order("Paracetamol 500 mg tablet", 1000, "mg", "Q4H"), 40, 70, "warn"),
        (order("Paracetamol 24 mg/ml suspension", 10, "ml", "QID"), 4, 16, None),
        (order("Paracetamol 24 mg/ml suspension", 15, "ml", "QID"), 4, 16, "warn"),
        (order("Citalopram 40 mg tablet", 40), 59, 70, None),
        (order("Citalopram 40 mg tablet", 40), 60, 70, "warn"),
        (order("Aspirin 100 mg tablet", 100), 12, 40, "block"),
        (order("Codeine 15 mg tablet", 15), 11, 40, "block"),
        (order("Methotrexate 2.5 mg tablet", 15, "mg", "WK"), 40, 70, None),
        (order("Methotrexate 2.5 mg tablet", 2.5, "mg", "QD"), 40, 70, "block"),
        (order("Levothyroxine 75 µg tablet", 75, "µg"), 40, 70, None),
        (order("Levothyroxine 75 µg tablet", 75, "mg"), 40, 70, "warn"),
    ],
)
def test_a_dose_is_compared_with_what_is_usual_at_the_age(
    lists: Lists, what: Any, years: float, weight: float, level: str | None
) -> None:
    levels = {alert.level for alert in checked(lists, what, years=years, weight=weight).alerts}
    assert levels == ({level} if level else set())


def test_a_childs_dose_without_a_recent_weight_is_told(lists: Lists) -> None:
    answer = checked(lists, order("Paracetamol 24 mg/ml suspension", 5, "ml"), years=4, weight=None)
    assert answer.notes == ("No recent weight: paracetamol was not compared by weight.",)


def test_a_dose_that_cannot_be_compared_is_told(lists: Lists) -> None:
    answer = checked(lists, order("Paracetamol", 1, "tablet"))
    assert answer.notes == ("The dose of paracetamol could not be compared in milligrams.",)


def test_a_missing_list_warns_instead_of_passing() -> None:
    nothing = drug_lists.assemble({kind: [] for kind in drug_files.SHAPES})
    alerts: tuple[Alert, ...] = checked(nothing, order("Amoxicillin 500 mg capsule")).alerts
    assert {alert.against for alert in alerts if alert.kind == "missing"} == set(drug_files.SHAPES)
    assert all("NOT checked" in alert.sentence for alert in alerts if alert.kind == "missing")


def test_the_gravest_alert_comes_first(lists: Lists) -> None:
    answer = checked(
        lists, order("Ibuprofen 400 mg tablet", 1200, "mg", "QID"),
        taken=["Warfarin 5 mg tablet", "Naproxen 500 mg tablet"],
    )  # fmt: skip
    assert [alert.level for alert in answer.alerts] == ["block", "warn", "warn", "warn"]


@pytest.mark.parametrize("kind", drug_files.SHAPES)
def test_the_lists_that_come_with_the_clinic_name_their_sources_and_each_other(
    lists: Lists, kind: str
) -> None:
    assert lists.releases[kind]
    assert lists.missing == ()
    assert drug_lists.strangers(lists, lists.pairs.values()) == 0
    assert set(lists.limits) <= set(lists.drugs)
    assert {name for drug in lists.drugs.values() for name in drug.classes} <= set(lists.classes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind,first,second,level,effect,source\n", "names no version"),
        ("# version: 1\na,b\n1,2\n", "header"),
        ("# version: 1\nkind,first,second,level,effect,source\n", "no rows"),
        ("# version: 1\nkind,first,second,level,effect,source\ninteraction,a,b,grave,x,y", "Row 1"),
        ("# version: 1\nkind,first,second,level,effect,source\ninteraction,a,b,warn,x,", "source"),
        ("# version: 1\nkind,first,second,level,effect,source\ninteraction,a", "second is missing"),
        ("", "names no version"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ClinicError, match=said):
        drug_files.parse(text)
