"""Templates of notes by specialization, and short phrases that a word with a dot stands for.

All wording is the clinic's own to change: a template is offered where its specialization is the
doctor's, one without a specialization to everyone.
"""

from __future__ import annotations

from typing import NamedTuple


class Template(NamedTuple):
    """Headings to write under; a part is left alone where there is text already."""

    name: str
    specialization: str | None
    notes: str
    diagnosis: str = ""
    treatment: str = ""


TEMPLATES: tuple[Template, ...] = (
    Template(
        "Visit (SOAP)", None,
        "Subjective\nReason for coming: \nSince when, how it began: \n\nObjective\nGeneral: \nFindings: ",
        "Assessment\n",
        "Plan\nTreatment: \nTold the patient: \nBack if: ",
    ),
    Template(
        "Follow-up", None,
        "Since the last visit: \nTakes the medication as prescribed: \nSide effects: \nFindings: ",
        "Course: ",
        "Goes on with: \nChanged: \nNext check: ",
    ),
    Template(
        "Health check", "General practice",
        "Complaints: none\nSmoking: \nAlcohol: \nMovement: \nFamily history: \n\n.normal",
        "",
        "Vaccinations due: \nTests ordered: \nNext check: ",
    ),
    Template(
        "Child check-up", "Paediatrics",
        "Parents’ concerns: \nFeeding: \nSleep: \nDevelopment for the age: \nHeight and weight on the curve: ",
        "",
        "Vaccinations given: \nTold the parents: \nNext check: ",
    ),
    Template(
        "Heart", "Cardiology",
        "Chest pain: \nShort of breath at: \nPalpitations: \nFainting: \n\n.heart\nECG: ",
        "",
        "Medication: \nTests ordered: \nRed flags explained: ",
    ),
    Template(
        "Skin", "Dermatology",
        "Site: \nSize and shape: \nColour and edge: \nItching or pain: \nChange over time: ",
        "",
        "Applied: \nFor how long: \nSun protection: \nPhoto taken: ",
    ),
    Template(
        "Gynaecology", "Gynaecology",
        "Last period: \nCycle: \nContraception: \nPregnancies: \nFindings: ",
        "",
        "Tests taken: \nTreatment: \nNext check: ",
    ),
    Template(
        "Joint", "Orthopaedics",
        "Side and joint: \nInjury, how: \nPain at rest and on movement: \nRange of movement: \nStability: ",
        "",
        "Imaging: \nRest or load: \nPhysiotherapy: ",
    ),
)  # fmt: skip

PHRASES: dict[str, str] = {
    ".normal": "General condition good. Heart sounds regular, no murmur. Breathing clear on both "
    "sides. Abdomen soft, no tenderness.",
    ".heart": "Heart sounds regular, no murmur. No swelling of the legs, neck veins not raised.",
    ".lungs": "Breathing clear on both sides, no wheeze, no crackles.",
    ".abdomen": "Abdomen soft, no tenderness, no guarding, bowel sounds present.",
    ".throat": "Throat not red, tonsils not enlarged, no swollen glands.",
    ".neuro": "Awake and oriented. Pupils equal and reacting. Strength and feeling equal on both sides.",
    ".nka": "No known allergies; asked today.",
    ".told": "Findings and plan explained, questions answered; the patient agrees.",
    ".back": "Come back at once with fever, worse pain, or shortness of breath; else if not better "
    "in a week.",
    ".cont": "Medication unchanged, well tolerated.",
}


def templates_for(specialization: str | None) -> list[Template]:
    """Those of the specialization first, then those for everyone."""
    own = [t for t in TEMPLATES if t.specialization and t.specialization == specialization]
    return own + [t for t in TEMPLATES if t.specialization is None]
