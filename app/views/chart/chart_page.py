"""What every page of a chart has: the patient, loaded and allowed in one call, and the banner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.extensions import db
from app.language import _, _n
from app.models import Action, ClinicError, MedicalRecord, NotFound, Patient, Role
from app.models.base.clock import clinic_zone, day_at
from app.models.people.linked import is_of, kept_id
from app.models.record import chart, closed, restricting
from app.models.record.allergies import Allergies
from app.models.record.clinical import AllergyIntolerance
from app.models.record.measures import ADULT
from app.security import audit
from app.security.actor import Actor
from app.security.scope import as_key, load
from app.views.generated.guard import actor
from app.views.generated.values import when
from app.views.generated.writing import transaction


@dataclass(frozen=True)
class Opened:
    """A chart that this person may see, and what its banner says."""

    patient: Patient
    person: Actor
    now: datetime
    known: Allergies
    restricted: bool
    until: datetime | None
    """When the chart closes again to this person, who broke the glass."""

    @property
    def open_until(self) -> str:
        """The time on the wall at which broken glass closes again; nothing where none is broken."""
        return f"{self.until.astimezone(clinic_zone()):%H:%M}" if self.until else ""

    @property
    def allergies(self) -> list[AllergyIntolerance]:
        """The allergies that are to be heeded."""
        return self.known.active

    @property
    def no_allergy(self) -> str:
        """That no allergy is known and when that was answered; empty where nobody asked."""
        return "; ".join(_answer(row) for row in self.known.none)

    @property
    def years(self) -> int:
        """The age today, in whole years."""
        return self.patient.age(day_at(self.now))

    @property
    def age(self) -> str:
        """Years; months for a small child."""
        if self.years >= 2:
            return _("%(years)s years", years=self.years)
        today, dob = day_at(self.now), self.patient.dob
        months = (today.year - dob.year) * 12 + today.month - dob.month - (today.day < dob.day)
        return _n("%(num)s month", "%(num)s months", months)

    @property
    def adult(self) -> bool:
        """Whether the patient is of age."""
        return self.years >= ADULT

    @property
    def is_doctor(self) -> bool:
        """Whether the person signs and prescribes as a doctor of the clinic."""
        return Role.DOCTOR in self.person.roles and self.person.doctor_id is not None

    @property
    def died(self) -> str:
        """The day of death in words; empty while the patient lives."""
        return when((self.patient.deceased_on or "")[:10])

    def has(self, row: Any) -> bool:
        """Whether a row is of this patient, or of one who was merged into this one."""
        return is_of(db.session(), row.patient_id, self.patient.patient_id)


def _answer(row: AllergyIntolerance) -> str:
    day = when((row.recorded or "")[:10])
    if row.says_none_at_all:
        return _("none known (asked %(day)s)", day=day) if day else _("none known")
    return _("%(answer)s (asked %(day)s)", answer=row.named, day=day) if day else row.named


def chart_of(patient_id: str) -> Opened:
    """Load the patient in the person's scope, else NotFound; Restricted where the chart is closed
    to this person, which leaves an event. Of who was merged into another, it is the other's."""
    session, person = db.session(), actor()
    patient = the_one_kept(session, person, patient_id)
    now = datetime.now(UTC)
    try:
        restricted = closed.require_open(session, person, patient.patient_id, now)
    except closed.Restricted as error:
        error.details["patient"] = patient.patient_id
        audit.refused(session, person, "open", Patient, patient.patient_id)
        raise
    until = None
    if restricted:
        until = restricting.open_until(session, person.user_id, patient.patient_id, now)
    known = chart.allergies(session, patient.patient_id)
    return Opened(patient, person, now, known, restricted, until)


def the_one_kept(session: Session, person: Actor, patient_id: Any) -> Patient:
    """The patient, or who is kept for them, in the person's scope."""
    patient: Patient = load(session, person, Patient, patient_id, Action.SHOW)
    if patient.replaced_by_id is None:
        return patient
    kept: Patient = load(session, person, Patient, patient.replaced_by_id, Action.SHOW)
    return kept


def open_chart(patient_id: str, section: str, **detail: Any) -> Opened:
    """`chart_of`, for a page that shows it: the opening is put on the trail."""
    opened = chart_of(patient_id)
    audit.read(opened.person, "open", Patient, opened.patient, section=section, **detail)
    return opened


def refused(page: str, error: ClinicError) -> tuple[str, int]:
    """A page that comes back with what was typed; it shows the chart, so its trace is kept."""
    audit.keep_reads(db.session())
    return page, error.status


def load_record(patient_id: str, record_id: str, action: Action) -> MedicalRecord:
    """A record of this very patient, in the person's scope, else NotFound."""
    names = ("patient", "doctor", "author", "signer")
    record: MedicalRecord = load(db.session(), actor(), MedicalRecord, record_id, action, names)
    if not is_asked_for(record, patient_id):
        raise NotFound(_("There is no such entry, or it is not yours to see."))
    return record


def is_asked_for(row: Any, patient_id: str) -> bool:
    """Whether the patient in the address is the row's, or one person with the row's; asks only
    where the two differ."""
    if str(row.patient_id) == patient_id:
        return True
    session = db.session()
    return kept_id(session, row.patient_id) == kept_id(session, as_key(patient_id))


def keep(action: str, *rows: Any) -> None:
    """Commit with an audit event a row, or raise ClinicError and keep nothing."""
    session, person = db.session(), actor()
    with transaction(session):
        for row in rows:
            audit.written(session, person, action, row)
