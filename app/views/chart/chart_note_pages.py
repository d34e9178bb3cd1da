"""The pages of a note: to choose what it is of, to write it, to read it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, request, url_for
from sqlalchemy import select

from app.extensions import db
from app.language import _
from app.models import ClinicError, Doctor, MedicalRecord, Stale
from app.models.base import sealing
from app.models.base.clock import clinic_zone, day_of
from app.models.record import chart, notes, readings
from app.models.record.amendment import texts_of
from app.models.record.phrases import PHRASES, templates_for
from app.views.chart.chart_page import Opened
from app.views.chart.chart_words import LABELS, beside, both_texts, versions_of
from app.views.generated.guard import BadQuery
from app.views.generated.values import show, when


def choose_page(opened: Opened, problem: ClinicError | None = None) -> str:
    """Which visit the note is of, and, for a nurse, which doctor is to sign."""
    session, patient_id = db.session(), opened.patient.patient_id
    start, end = day_of(opened.now, clinic_zone())
    visits = [
        visit
        for visit in chart.today(session, patient_id, start, end)
        if visit.status in notes.HAS_BEGUN and visit.record_id is None
    ]
    doctors = (
        [] if opened.is_doctor else session.scalars(select(Doctor).order_by(Doctor.name)).all()
    )
    return render_template(
        "note_new.html", opened=opened, visits=visits, doctors=doctors, problem=problem,
        chosen=request.values.get("appointment_id", ""), show=show, back=chart_address(opened),
    )  # fmt: skip


def editor_page(
    opened: Opened,
    record: MedicalRecord,
    typed: Mapping[str, str] | None = None,
    problem: ClinicError | None = None,
) -> str:
    """The form of a draft, beside it what the chart says of the patient."""
    session, patient_id = db.session(), record.patient_id
    return render_template(
        "note.html", opened=opened, record=record, texts=typed or texts_of(record), labels=LABELS,
        can_sign=notes.can_sign(opened.person, record), problem=problem, back=chart_address(opened),
        conflict=_conflict(problem, typed, texts_of(record)), address=address(record),
        templates=templates_for(record.doctor.specialization), phrases=PHRASES,
        courses=readings.vitals(session, patient_id, 1), when=when, show=show,
        problems=[p for p in chart.problems(session, patient_id)
                  if p.clinical_status in chart.ONGOING],
        medication=chart.medication(session, patient_id), keep=_keep(opened),
    )  # fmt: skip


def read_page(
    opened: Opened,
    record: MedicalRecord,
    typed: Mapping[str, str] | None = None,
    problem: ClinicError | None = None,
) -> str:
    """The text in all its versions, with who signed each, and the form of an amendment."""
    session = db.session()
    versions = versions_of(record, chart.versions(session, record.record_id))
    found, given = chart.hanging(session, record.record_id)
    left, right = _picked("left", 0, len(versions)), _picked("right", -1, len(versions))
    return render_template(
        "note_read.html", opened=opened, record=record, versions=versions, left=versions[left],
        right=versions[right], rows=beside(versions[left], versions[right]), labels=LABELS,
        found=found, given=given, courses=readings.vitals_of(session, record.record_id),
        can_amend=notes.can_amend(opened.person, record), typed=typed, problem=problem,
        amending=bool(typed) or "amend" in request.args, address=address(record),
        conflict=_conflict(problem, typed, versions[-1].texts), when=when, show=show,
        back=chart_address(opened), keep=_keep(opened),
    )  # fmt: skip


def _keep(opened: Opened) -> str:
    """What the browser seals this person's unsaved text by."""
    return sealing.key_of(opened.person.user_id or 0)


def _conflict(
    problem: ClinicError | None, typed: Mapping[str, str] | None, there: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    return both_texts(typed, there) if typed and isinstance(problem, Stale) else []


def _picked(name: str, default: int, count: int) -> int:
    """Which version the address asks for."""
    raw = request.args.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 4 or int(raw) >= count:
        raise BadQuery(_("The note has no such version."))
    return int(raw)


def address(record: MedicalRecord) -> str:
    """Where a note is read or written."""
    return url_for("ChartNotesView.note", patient_id=record.patient_id, record_id=record.record_id)


def chart_address(opened: Opened) -> str:
    """Where the patient\'s chart opens."""
    return url_for("ChartView.show", patient_id=opened.patient.patient_id)
