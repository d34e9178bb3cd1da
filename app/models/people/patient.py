"""The register of patients (FHIR R4 Patient)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Connection, Date, ForeignKey, Index, String, Text, event, inspect, update
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, relationship, validates
from sqlalchemy.orm.attributes import set_committed_value

from app.language import LANGUAGES, _, nearest
from app.models.base import finding
from app.models.base.acting import Acting
from app.models.base.clock import day_at
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, MANAGE, READ, Role
from app.models.base.naming import new_identifier
from app.models.base.screen import Screen
from app.models.base.types import FhirDateTime, choice
from app.models.people.mailbox import is_email

if TYPE_CHECKING:
    from collections.abc import Sequence

SEXES: Sequence[str] = ("female", "male", "other", "unknown")
EARLIEST_BIRTH = date(1880, 1, 1)


class Patient(Entity):
    """A person who is, or was, treated here."""

    __tablename__ = "patient"

    patient_id: Mapped[int] = mapped_column(primary_key=True)
    record_number: Mapped[str | None] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    family_name: Mapped[str | None] = mapped_column(String(100))
    dob: Mapped[date] = mapped_column(Date)
    sex: Mapped[str] = mapped_column(
        choice("patient_sex", *SEXES), default="unknown", server_default="unknown"
    )
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    contact_info: Mapped[str | None] = mapped_column(Text)
    insurance_details: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(choice("patient_language", *LANGUAGES))
    language_tag: Mapped[str | None] = mapped_column(String(20))
    deceased_on: Mapped[str | None] = mapped_column(FhirDateTime)
    identifier: Mapped[str | None] = mapped_column(String(200), unique=True, default=new_identifier)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), unique=True)
    user: Mapped[User | None] = relationship()
    if TYPE_CHECKING:
        replaced_by_id: Mapped[int | None]  # `patient_link` fills it in: who is kept instead

    __table_args__ = (
        finding.index("ix_patient_name_lower", name),
        finding.index("ix_patient_family_lower", family_name),
        finding.index("ix_patient_number_lower", record_number),
        finding.index("ix_patient_phone_lower", phone),
        finding.index("ix_patient_email_lower", email),
        Index("ix_patient_name", "name", "patient_id"),
        Index("ix_patient_dob", "dob"),
    )

    __screen__ = Screen(
        title="Patients",
        menu="Clinic",
        icon="fa-hospital-user",
        columns=["name", "record_number", "dob", "sex", "phone"],
        search=["name", "record_number", "dob", "sex", "phone", "email"],
        form=[
            "name", "family_name", "dob", "sex", "phone", "email",
            "contact_info", "insurance_details", "language",
        ],
        detail=[
            "name", "record_number", "dob", "sex", "phone", "email",
            "contact_info", "insurance_details", "language", "language_tag", "deceased_on",
        ],
        labels={
            "email": "E-mail",
            "dob": "Birth date",
            "contact_info": "Address",
            "insurance_details": "Insurance",
            "language_tag": "Language as imported",
            "deceased_on": "Died",
        },
        help={
            "name": "First and family name, as the patient says it.",
            "family_name": "The name that the patient is filed under.",
            "language": "Of the portal and of messages; left empty, that of the clinic.",
        },
        order="name",
        related=["appointment", "waitlist_entry"],
        empty="No patient yet. Register the first one, or import records with “flask clinic import”.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: EDIT,
        },
    )  # fmt: skip

    @validates("name")
    def _file_under_last_word(self, _key: str, name: str) -> str:
        if name and not self.family_name:
            self.family_name = name.split()[-1][:100] if name.split() else None
        return name

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """Born between 1880 and today, clinic time; an address is looked at where it is written anew, so
        that one that came with an import hinders no other change. Raises ClinicError."""
        if self.dob > day_at(now):
            raise ClinicError(_("The birth date lies in the future."), field="dob")
        if self.dob < EARLIEST_BIRTH:
            raise ClinicError(_("The birth date lies before 1880."), field="dob")
        written: Any = inspect(self).attrs.email.history
        if self.email and written.has_changes() and not is_email(self.email):
            raise ClinicError(_("Write an e-mail address."), field="email")

    def spoken(self) -> str | None:
        """The BCP 47 tag of the language: as it was imported, unless another was chosen since."""
        return self.language_tag if nearest(self.language_tag) == self.language else self.language

    def age(self, today: date) -> int:
        """Whole years on `today`, a date in the clinic's time zone."""
        birthday_to_come = (today.month, today.day) < (self.dob.month, self.dob.day)
        return today.year - self.dob.year - birthday_to_come


def record_number(patient_id: int) -> str:
    """The number that a patient is known by, e.g. `P-000123`."""
    return f"P-{patient_id:06d}"


@event.listens_for(Patient, "after_insert")
def _number(_mapper: Mapper[Patient], connection: Connection, patient: Patient) -> None:
    if patient.record_number is None:
        number = record_number(patient.patient_id)
        key = Patient.patient_id == patient.patient_id
        connection.execute(update(Patient).where(key).values(record_number=number))
        set_committed_value(patient, "record_number", number)
