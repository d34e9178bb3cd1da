"""Templates of notes by specialization, and short phrases that a word with a dot stands for.

All wording is the clinic's own to change: a template is offered where its specialization is the
doctor's, one without a specialization to everyone.
"""

from __future__ import annotations

from typing import NamedTuple

from app.language import _l


class Template(NamedTuple):
    """Headings to write under; a part is left alone where there is text already."""

    name: str
    specialization: str | None
    notes: str
    diagnosis: str = ""
    treatment: str = ""


TEMPLATES: tuple[Template, ...] = (
    Template(
        _l("Visit (SOAP)"), None,
        _l(
"Subjective\nReason for coming: \nSince when, how it began: \n\nObjective\nGeneral: "
"\nFindings: "),
        _l("Assessment\n"),
        _l("Plan\nTreatment: \nTold the patient: \nBack if: "),
    ),
    Template(
        "Follow-up", None,
        _l(
"Since the last visit: \nTakes the medication as prescribed: \nSide effects: "
"\nFindings: "),
        "Course: ",
        _l("Goes on with: \nChanged: \nNext check: "),
    ),
    Template(
        _l("Health check"), "General practice",
        _l("Complaints: none\nSmoking: \nAlcohol: \nMovement: \nFamily history: \n\n.normal"),
        "",
        _l("Vaccinations due: \nTests ordered: \nNext check: "),
    ),
    Template(
        _l("Child check-up"), "Paediatrics",
        _l(
"Parents’ concerns: \nFeeding: \nSleep: \nDevelopment for the age: \nHeight and weight "
"on the curve: "),
        "",
        _l("Vaccinations given: \nTold the parents: \nNext check: "),
    ),
    Template(
        _l("Heart"), "Cardiology",
        _l("Chest pain: \nShort of breath at: \nPalpitations: \nFainting: \n\n.heart\nECG: "),
        "",
        _l("Medication: \nTests ordered: \nRed flags explained: "),
    ),
    Template(
        _l("Skin"), "Dermatology",
        _l("Site: \nSize and shape: \nColour and edge: \nItching or pain: \nChange over time: "),
        "",
        _l("Applied: \nFor how long: \nSun protection: \nPhoto taken: "),
    ),
    Template(
        _l("Gynaecology"), "Gynaecology",
        _l("Last period: \nCycle: \nContraception: \nPregnancies: \nFindings: "),
        "",
        _l("Tests taken: \nTreatment: \nNext check: "),
    ),
    Template(
        _l("Joint"), "Orthopaedics",
        _l(
"Side and joint: \nInjury, how: \nPain at rest and on movement: \nRange of movement: "
"\nStability: "),
        "",
        _l("Imaging: \nRest or load: \nPhysiotherapy: "),
    ),
)  # fmt: skip

PHRASES: dict[str, str] = {
    ".normal": _l(
        "General condition good. Heart sounds regular, no murmur. Breathing clear on both "
        "sides. Abdomen soft, no tenderness."
    ),
    ".heart": _l(
        "Heart sounds regular, no murmur. No swelling of the legs, neck veins not raised."
    ),
    ".lungs": _l("Breathing clear on both sides, no wheeze, no crackles."),
    ".abdomen": _l("Abdomen soft, no tenderness, no guarding, bowel sounds present."),
    ".throat": _l("Throat not red, tonsils not enlarged, no swollen glands."),
    ".neuro": _l(
        "Awake and oriented. Pupils equal and reacting. Strength and feeling equal on both sides."
    ),
    ".nka": _l("No known allergies; asked today."),
    ".told": _l("Findings and plan explained, questions answered; the patient agrees."),
    ".back": _l(
        "Come back at once with fever, worse pain, or shortness of breath; else if not "
        "better in a week."
    ),
    ".cont": _l("Medication unchanged, well tolerated."),
}


def templates_for(specialization: str | None) -> list[Template]:
    """Those of the specialization first, then those for everyone."""
    own = [t for t in TEMPLATES if t.specialization and t.specialization == specialization]
    offered = own + [t for t in TEMPLATES if t.specialization is None]
    return [
        Template(str(t.name), t.specialization, str(t.notes), str(t.diagnosis), str(t.treatment))
        for t in offered
    ]
