"""The names of measurements and findings in the reader's language, by their LOINC code.

What is kept is the name that came with the finding, which is English. Who reads English reads that
one; who reads another language reads the short name below, where the code has one.
"""

from __future__ import annotations

from app.language import SOURCE, _, _k, current

NAMES: dict[str, str] = {
    "85354-9": _k("Blood pressure"),
    "55284-4": _k("Blood pressure"),
    "8480-6": _k("Systolic blood pressure"),
    "8462-4": _k("Diastolic blood pressure"),
    "8867-4": _k("Heart rate"),
    "9279-1": _k("Respiratory rate"),
    "8310-5": _k("Body temperature"),
    "8331-1": _k("Oral temperature"),
    "2708-6": _k("Oxygen saturation"),
    "72514-3": _k("Pain (0–10)"),
    "8302-2": _k("Body height"),
    "29463-7": _k("Body weight"),
    "39156-5": _k("Body mass index"),
    "72166-2": _k("Tobacco smoking"),
    "2339-0": _k("Glucose in blood"),
    "2345-7": _k("Glucose in serum"),
    "6299-2": _k("Urea nitrogen in blood"),
    "38483-4": _k("Creatinine in blood"),
    "2160-0": _k("Creatinine in serum"),
    "49765-1": _k("Calcium in blood"),
    "2947-0": _k("Sodium in blood"),
    "6298-4": _k("Potassium in blood"),
    "2069-3": _k("Chloride in blood"),
    "20565-8": _k("Carbon dioxide in blood"),
    "2093-3": _k("Total cholesterol"),
    "2571-8": _k("Triglycerides"),
    "18262-6": _k("LDL cholesterol"),
    "13457-7": _k("LDL cholesterol"),
    "2089-1": _k("LDL cholesterol"),
    "2085-9": _k("HDL cholesterol"),
    "4548-4": _k("Haemoglobin A1c"),
    "718-7": _k("Haemoglobin"),
    "4544-3": _k("Haematocrit"),
    "20570-8": _k("Haematocrit"),
    "6690-2": _k("White blood cells"),
    "789-8": _k("Red blood cells"),
    "777-3": _k("Platelets"),
    "787-2": _k("Mean corpuscular volume"),
    "785-6": _k("Mean corpuscular haemoglobin"),
    "786-4": _k("Mean corpuscular haemoglobin concentration"),
    "21000-5": _k("Red cell distribution width"),
    "32207-3": _k("Platelet distribution width"),
    "32623-1": _k("Mean platelet volume"),
    "33914-3": _k("Glomerular filtration rate, estimated"),
    "2885-2": _k("Total protein in serum"),
    "1751-7": _k("Albumin in serum"),
    "10834-0": _k("Globulin in serum"),
    "1975-2": _k("Total bilirubin in serum"),
    "6768-6": _k("Alkaline phosphatase"),
    "1742-6": _k("Alanine aminotransferase (ALT)"),
    "1920-8": _k("Aspartate aminotransferase (AST)"),
    "14959-1": _k("Albumin–creatinine ratio in urine"),
    "19926-5": _k("FEV1/FVC ratio"),
    "10230-1": _k("Left ventricular ejection fraction"),
    "72106-8": _k("Mini-Mental State, total score"),
    "32465-7": _k("Findings on examination of the prostate"),
    "2857-1": _k("Prostate-specific antigen"),
    "33762-6": _k("NT-proBNP"),
    "38265-5": _k("Bone density, T-score"),
    "69453-9": _k("Cause of death"),
    "76690-7": _k("Sexual orientation"),
    "55277-8": _k("HIV status"),
    "28245-9": _k("Experience of abuse"),
    "71802-3": _k("Housing"),
    "63513-6": _k("Health insurance"),
    "46240-8": _k("Earlier hospital stays and visits"),
    "6206-7": _k("IgE to peanut"),
    "6273-7": _k("IgE to walnut"),
    "6082-2": _k("IgE to cod"),
    "6246-3": _k("IgE to shrimp"),
    "6276-0": _k("IgE to wheat"),
    "6106-9": _k("IgE to egg white"),
    "6248-9": _k("IgE to soya"),
    "7258-7": _k("IgE to cow’s milk"),
    "6189-5": _k("IgE to white oak"),
    "6085-5": _k("IgE to ragweed"),
    "6833-8": _k("IgE to cat dander"),
    "6095-4": _k("IgE to American house dust mite"),
    "6075-6": _k("IgE to Cladosporium herbarum"),
    "6844-5": _k("IgE to honey bee venom"),
    "6158-0": _k("IgE to latex"),
    "5767-9": _k("Appearance of urine"),
    "32167-9": _k("Clarity of urine"),
    "5778-6": _k("Colour of urine"),
    "5792-7": _k("Glucose in urine, test strip"),
    "25428-4": _k("Glucose in urine, test strip"),
    "20505-4": _k("Bilirubin in urine, test strip"),
    "5770-3": _k("Bilirubin in urine, test strip"),
    "5797-6": _k("Ketones in urine, test strip"),
    "2514-8": _k("Ketones in urine, test strip"),
    "5811-5": _k("Specific gravity of urine"),
    "5803-2": _k("pH of urine"),
    "5804-0": _k("Protein in urine, test strip"),
    "20454-5": _k("Protein in urine, test strip"),
    "5802-4": _k("Nitrite in urine, test strip"),
    "5794-3": _k("Haemoglobin in urine, test strip"),
    "5799-2": _k("Leucocyte esterase in urine, test strip"),
    "57905-2": _k("Blood in stool, immunological test"),
}
"""Those of the vital signs, and what practices and the samples of Synthea most often measure."""


def codes_named(words: str) -> list[str]:
    """The codes whose name in the language of now holds these words."""
    if current() == SOURCE:
        return []
    return [code for code, name in NAMES.items() if words.lower() in _(name).lower()]


def name_of_finding(code: str | None, display: str) -> str:
    """What a finding is called: as it is kept for who reads English, else in their language."""
    known = None if current() == SOURCE else NAMES.get(code or "")
    return _(known) if known else display
