"""Word lists: who works in the demo clinic, its rooms, and its kinds of visit."""

from __future__ import annotations

from typing import NamedTuple

DOCTORS = (
    ("Amara Osei", "General practice"),
    ("Julian Hartmann", "Paediatrics"),
    ("Leïla Benchérif", "Cardiology"),
    ("Rory O'Donnell", "General practice"),
    ("Mei-Ling Zhao", "Dermatology"),
    ("Catarina Figueiredo", "Gynaecology"),
    ("Stefan Lindqvist", "Orthopaedics"),
    ("Ananya Krishnan", "General practice"),
    ("Tomasz Zieliński", "Paediatrics"),
    ("Ngozi Adeyemi", "General practice"),
    ("Hélène Marchetti", "Cardiology"),
    ("David Rosenthal", "Orthopaedics"),
)
NURSES = (
    "Nora Lindgren", "Samuel Boateng", "Karen Whitfield", "Minh Đặng", "Teresa Nuñez",
    "Ewa Pawlak", "Declan Murphy", "Yasmin Haddad", "Ruth Abernathy", "Jonas Köhler",
)  # fmt: skip
RECEPTIONISTS = ("Rosa Delgado", "Ben Ashworth", "Elif Şahin", "Harriet Cole", "Nikhil Menon")
MANAGER = "Adrian Fletcher"


class Kind(NamedTuple):
    """A kind of visit, as in `visit_type`; `cases` names what it is about, where that does not
    follow from the doctor's specialization. Minutes throughout."""

    name: str
    minutes: int
    grid: int
    colour: str
    room_type: str = "Exam"
    buffer_after: int = 0
    specialization: str | None = None
    online: bool = True
    cases: str | None = None
    instructions: str | None = None


KINDS = (
    Kind("Consultation", 20, 10, "#1d5fa8", instructions="Bring a list of your medication."),
    Kind("Long consultation", 30, 15, "#4338ca", instructions="Bring a list of your medication."),
    Kind("Follow-up", 15, 15, "#3f6f12"),
    Kind(
        "Annual check-up", 45, 15, "#6d28d9", cases="Annual check-up",
        instructions="Come fasting: nothing but water for eight hours before.",
    ),
    Kind(
        "Vaccination", 10, 10, "#a04a06", buffer_after=5, cases="Vaccination",
        instructions="Bring your vaccination card. Please stay 15 minutes afterwards.",
    ),
    Kind(
        "Travel vaccination", 15, 15, "#854d0e", buffer_after=5, cases="Vaccination",
        instructions="Bring your vaccination card and your itinerary.",
    ),
    Kind(
        "Well-child visit", 30, 15, "#a21caf", specialization="Paediatrics",
        cases="Well-child visit",
        instructions="Bring the child's health book and vaccination card.",
    ),
    Kind(
        "ECG", 30, 30, "#be123c", room_type="ECG", buffer_after=5, online=False, cases="ECG",
        instructions="Wear a two-piece outfit; use no body lotion that day.",
    ),
    Kind(
        "Ultrasound", 30, 30, "#0e6f89", room_type="Imaging", buffer_after=5, online=False,
        cases="Ultrasound", instructions="Bring earlier scans, if you have any.",
    ),
    Kind(
        "Minor procedure", 60, 30, "#9f2d12", room_type="Procedure", buffer_after=15,
        online=False, cases="Minor procedure",
        instructions="Tell us beforehand if you take blood thinners. Arrange a lift home.",
    ),
    Kind(
        "Skin check", 20, 10, "#0f6b63", specialization="Dermatology", cases="Skin check",
        instructions="Come without make-up or nail varnish.",
    ),
    Kind(
        "Antenatal visit", 30, 15, "#b0246c", specialization="Gynaecology",
        cases="Antenatal visit", instructions="Bring your maternity notes.",
    ),
)  # fmt: skip

MIX: dict[str, tuple[tuple[str, int], ...]] = {
    "General practice": (
        ("Consultation", 9), ("Follow-up", 5), ("Long consultation", 2), ("Annual check-up", 2),
        ("Vaccination", 2), ("Travel vaccination", 1), ("Minor procedure", 1),
    ),
    "Paediatrics": (
        ("Consultation", 7), ("Well-child visit", 4), ("Vaccination", 4), ("Follow-up", 3),
    ),
    "Cardiology": (("Consultation", 5), ("Follow-up", 5), ("ECG", 4), ("Long consultation", 2)),
    "Dermatology": (
        ("Consultation", 6), ("Skin check", 5), ("Follow-up", 3), ("Minor procedure", 1),
    ),
    "Gynaecology": (
        ("Consultation", 6), ("Antenatal visit", 3), ("Ultrasound", 2), ("Follow-up", 3),
    ),
    "Orthopaedics": (
        ("Consultation", 7), ("Follow-up", 5), ("Ultrasound", 1), ("Minor procedure", 1),
    ),
}  # fmt: skip
"""Which kinds of visit a specialization has, and how often each."""

AGES: dict[str, tuple[int, int]] = {
    "General practice": (12, 120),
    "Paediatrics": (0, 17),
    "Cardiology": (32, 120),
    "Dermatology": (4, 120),
    "Gynaecology": (16, 90),
    "Orthopaedics": (9, 120),
}
"""Whom a specialization sees: ages in whole years, both included."""

SHARED_ROOMS = (
    ("Procedure room", "Procedure"),
    ("ECG room", "ECG"),
    ("Ultrasound room", "Imaging"),
)
