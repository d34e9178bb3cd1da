"""Word lists: what patients come with, and what is done about it. Codes are ICD-10-CM."""

from __future__ import annotations

from typing import NamedTuple

from app.exchange.demo.cast import AGES


class Case(NamedTuple):
    """Why somebody comes, and what is written down. `drug` is a key of `drugs.DRUGS`; `vitals` are the
    measurements that belong to it beside the usual ones; ages are whole years."""

    reason: str
    diagnosis: str
    treatment: str
    notes: str
    code: str | None = None
    display: str | None = None
    drug: str | None = None
    vitals: tuple[str, ...] = ()
    ages: tuple[int, int] = (0, 120)
    sex: str | None = None


class Chronic(NamedTuple):
    """A lasting condition: whom it befalls (age from, share of those), and its visits."""

    code: str
    display: str
    from_age: int
    share: float
    seen_by: tuple[str, ...]
    case: Case


def _chronic(
    code: str, display: str, from_age: int, share: float, seen_by: str, reason: str,
    diagnosis: str, treatment: str, notes: str, drug: str | None = None,
    vitals: tuple[str, ...] = (),
) -> Chronic:  # fmt: skip
    where = ("General practice", "Paediatrics", *filter(None, [seen_by]))
    case = Case(reason, diagnosis, treatment, notes, None, None, drug, vitals)
    return Chronic(code, display, from_age, share, where, case)


CHRONIC = (
    _chronic("I10", "Essential (primary) hypertension", 40, 0.30, "Cardiology",
             "Blood pressure review", "Hypertension, under treatment",
             "Tablets continued. Home readings twice a week.",
             "Feels well; no headache, no ankle swelling. Takes the tablets every day.",
             "amlodipine", ("pulse",)),
    _chronic("E11.9", "Type 2 diabetes mellitus without complications", 42, 0.12, "",
             "Diabetes review", "Type 2 diabetes, well controlled",
             "Medication continued; blood test and eye check ordered.",
             "Fasting glucose between 6 and 8 at home. Feet examined: pulses and feeling intact.",
             "metformin", ("weight",)),
    _chronic("E78.5", "Hyperlipidemia, unspecified", 45, 0.16, "Cardiology",
             "Cholesterol review", "High cholesterol, on a statin",
             "Statin continued. Lipids again in six months.",
             "No muscle pain. Walks half an hour most days, has cut down on butter.",
             "atorvastatin"),
    _chronic("J45.909", "Unspecified asthma, uncomplicated", 5, 0.07, "",
             "Asthma review", "Asthma, well controlled",
             "Inhaler technique practised. Reliever as needed.",
             "Uses the reliever about once a week, more in spring. Sleeps through the night.",
             "salbutamol", ("oxygen",)),
    _chronic("E03.9", "Hypothyroidism, unspecified", 30, 0.06, "Gynaecology",
             "Thyroid review", "Underactive thyroid, well replaced",
             "Same dose. Blood test in six months.",
             "No longer tired; weight steady. TSH in range at the last test.", "levothyroxine"),
    _chronic("M17.9", "Osteoarthritis of knee, unspecified", 55, 0.14, "Orthopaedics",
             "Knee pain, review", "Osteoarthritis of the knee",
             "Physiotherapy continued; pain relief when needed.",
             "Stairs are hard, level walking is fine. No swelling, no locking.",
             "paracetamol", ("pain",)),
    _chronic("K21.9", "Gastro-esophageal reflux disease without esophagitis", 28, 0.07, "",
             "Heartburn, review", "Reflux, improving",
             "Half dose for four weeks, then stop if free of symptoms.",
             "Heartburn twice a week, mostly after late meals. Swallows well, no weight loss.",
             "omeprazole"),
    _chronic("F41.1", "Generalized anxiety disorder", 18, 0.05, "",
             "Review of medication and mood", "Anxiety disorder, improving",
             "Same dose; sessions with the psychologist go on.",
             "Sleeps better, back at work four days a week. No dark thoughts.", "sertraline"),
    _chronic("G43.909", "Migraine, unspecified, not intractable, without status migrainosus",
             15, 0.06, "", "Migraine review", "Migraine without aura",
             "Tablet early in the attack. Headache diary kept.",
             "Three attacks in the past two months, each over within four hours.", "sumatriptan"),
    _chronic("I48.91", "Unspecified atrial fibrillation", 62, 0.09, "Cardiology",
             "Rhythm and anticoagulation review", "Atrial fibrillation, rate controlled",
             "Anticoagulant continued. Kidney values ordered.",
             "No palpitations since the last visit, no bleeding, no falls.",
             "apixaban", ("pulse", "oxygen")),
    _chronic("I25.10", "Atherosclerotic heart disease of native coronary artery without angina "
             "pectoris", 58, 0.07, "Cardiology", "Heart review", "Coronary heart disease, stable",
             "Medication unchanged. Exercise test in half a year.",
             "Climbs three floors without chest pain. Has stopped smoking.",
             "bisoprolol", ("pulse", "oxygen")),
    _chronic("L20.9", "Atopic dermatitis, unspecified", 1, 0.05, "Dermatology",
             "Eczema review", "Atopic eczema, mild at present",
             "Emollient every day; steroid cream on flares only.",
             "Creases of elbows and knees dry, not infected. Itch wakes less often.",
             "hydrocortisone"),
)  # fmt: skip


class Allergy(NamedTuple):
    """A substance, its category (FHIR), criticality, and what it does."""

    display: str
    category: str
    criticality: str
    reaction: str
    share: float


ALLERGIES = (
    Allergy("Penicillin", "medication", "high", "Hives and swelling of the face", 0.06),
    Allergy("Peanuts", "food", "high", "Anaphylaxis; carries an adrenaline pen", 0.025),
    Allergy("Latex", "environment", "low", "Itching rash of the hands", 0.03),
    Allergy("Birch pollen", "environment", "low", "Sneezing and itching eyes in spring", 0.06),
    Allergy("House dust mite", "environment", "low", "Blocked nose, worse at night", 0.04),
    Allergy("Ibuprofen", "medication", "high", "Wheezing and hives", 0.02),
    Allergy("Bee venom", "environment", "high", "Fainting and hives after a sting", 0.015),
    Allergy("Shellfish", "food", "low", "Vomiting and rash", 0.02),
    Allergy("Cow's milk", "food", "low", "Tummy cramps and rash", 0.015),
    Allergy("Nickel", "environment", "low", "Rash under jewellery and belt buckles", 0.03),
    Allergy("Iodinated contrast", "medication", "unable-to-assess", "Flush and nausea", 0.01),
)

LINGERING = frozenset(
    ("D22.9", "D50.9", "I50.9", "J30.2", "L70.0", "N92.0", "N94.6", "N95.1", "R00.2")
)
"""Found at a visit, and not over within a few weeks."""


def suits(case: Case, age: float, sex: str) -> bool:
    """Whether a case can be that of a person of this age (years) and sex."""
    return case.ages[0] <= age < case.ages[1] + 1 and case.sex in (None, sex)


def sees(specialization: str, age: float, sex: str) -> bool:
    """Whether a specialization sees people of this age (years) and sex."""
    youngest, oldest = AGES[specialization]
    only_women = specialization == "Gynaecology"
    return youngest <= age < oldest + 1 and (sex == "female" or not only_women)
