"""Prescriptions: written after a check, renewed, stopped; nurses prescribe nothing.

A prescription is an order to give; it belongs to the doctor's open note of today where there is
one, and from the signature on it never changes. How it ended is a row of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import SOURCE, _, in_language
from app.models.base.acting import Acting
from app.models.base.errors import ClinicError, Forbidden, NotFound
from app.models.base.grants import Role
from app.models.record import chart, drug_lists
from app.models.record.code_systems import ATC
from app.models.record.dosing import as_fhir, in_words
from app.models.record.drug_check import Checked, check
from app.models.record.medication_request import MedicationRequest
from app.models.record.order import Order, Writing, facts_of
from app.models.record.prescription_tables import (
    END_REASONS,
    OVERRIDE_REASONS,
    AlertAnswer,
    DrugAlert,
    MedicationEnd,
)

SHORTEST_COMMENT = 5


@dataclass(frozen=True)
class Shown:
    """What the check said, as it is kept."""

    alerts: list[DrugAlert]
    checked: Checked


class Unanswered(ClinicError):
    """An alert of the check has no answer yet."""

    code = "unanswered"


def require_prescriber(actor: Acting) -> None:
    """Only a doctor prescribes."""
    if Role.DOCTOR not in actor.roles or actor.doctor_id is None or actor.user_id is None:
        raise Forbidden(_("Only doctors prescribe."))


def look(writing: Writing, order: Order) -> Shown:
    """Check the order, and keep each alert with who saw it; the caller commits."""
    require_prescriber(writing.actor)
    lists = drug_lists.current(writing.session)
    checked = check(lists, facts_of(writing), order)
    kept = {_key(row): row for row in _kept(writing)}
    rows = []
    for alert in checked.alerts:
        row = kept.get(_key(alert))
        if row is None:
            row = DrugAlert(
                patient_id=writing.patient.patient_id, attempt=writing.attempt,
                user_id=writing.actor.user_id, staff_id=writing.actor.staff_id, at=writing.now,
                kind=alert.kind, level=alert.level, drug=alert.drug, against=alert.against,
                sentence=alert.sentence, source=alert.source, release=alert.release,
            )  # fmt: skip
            writing.session.add(row)
        rows.append(row)
    writing.session.flush()
    return Shown(rows, checked)


def prescribe(
    writing: Writing, order: Order, answers: Mapping[int, tuple[str, str]]
) -> MedicationRequest:
    """Write the prescription; `answers` are reason and comment by alert. What this form wrote
    already is answered again. Raises Unanswered, ClinicError, Forbidden."""
    require_prescriber(writing.actor)
    session = writing.session
    if earlier := _written(writing):
        return earlier
    _require_whole(order)
    shown = look(writing, order)
    given = {row.alert_id: _answer(row, answers) for row in shown.alerts if row.must_be_answered}
    row = _request(writing, order)
    session.add(row)
    session.flush()
    for alert_id, (reason, comment) in given.items():
        session.add(
            AlertAnswer(
                alert_id=alert_id, patient_id=row.patient_id,
                medication_request_id=row.medication_request_id, reason=reason,
                comment=comment or None, at=writing.now, user_id=writing.actor.user_id,
            )
        )  # fmt: skip
    if writing.renews is not None and not ended(session, writing.renews):
        session.add(_end(writing.actor, writing.renews, "renewed", None, writing.now))
    return row


def stop(
    session: Session, actor: Acting, row: MedicationRequest, reason: str, note: str, now: datetime
) -> MedicationEnd:
    """End a prescription, with its reason. Raises ClinicError."""
    require_prescriber(actor)
    if reason not in END_REASONS or reason == "renewed":
        raise ClinicError(_("Choose why it is stopped."), field="reason")
    if row.status not in chart.TAKEN or ended(session, row):
        raise ClinicError(_("This prescription has ended already."))
    end = _end(actor, row, reason, note.strip() or None, now)
    session.add(end)
    return end


def ended(session: Session, row: MedicationRequest) -> bool:
    """Whether the prescription was stopped, renewed or completed already."""
    key = MedicationEnd.medication_request_id == row.medication_request_id
    return session.scalar(select(MedicationEnd.end_id).where(key)) is not None


def _kept(writing: Writing) -> list[DrugAlert]:
    query = select(DrugAlert).where(
        DrugAlert.attempt == writing.attempt,
        DrugAlert.patient_id == writing.patient.patient_id,
        DrugAlert.user_id == writing.actor.user_id,
    )
    return list(writing.session.scalars(query))


def _key(alert: Any) -> tuple[str, str, str, str]:
    return alert.kind, alert.level, alert.drug, alert.against


def _written(writing: Writing) -> MedicationRequest | None:
    key = MedicationRequest.attempt == writing.attempt
    row = writing.session.scalars(select(MedicationRequest).where(key)).one_or_none()
    if row is not None and row.patient_id != writing.patient.patient_id:
        raise NotFound(_("There is no such entry, or it is not yours to see."))
    return row


def _require_whole(order: Order) -> None:
    needed = {
        "display": _("Choose the drug, or type its name."),
        "dose_value": _("Say how much is taken at once."),
        "dose_unit": _("Say in which unit the dose is."),
        "route": _("Say how it is taken."),
        "timing": _("Say how often it is taken."),
    }
    for name, sentence in needed.items():
        if not getattr(order, name):
            raise ClinicError(sentence, field=name)


def _answer(alert: DrugAlert, answers: Mapping[int, tuple[str, str]]) -> tuple[str, str]:
    """The reason given for going on against an alert; in words too where it would block."""
    reason, comment = answers.get(alert.alert_id, ("", ""))
    comment = comment.strip()
    if reason not in OVERRIDE_REASONS:
        raise Unanswered(
            _(
"The check has found something. Read it, and change the prescription or say why you "
"go on."), field=f"reason-{alert.alert_id}",
        )  # fmt: skip
    if (alert.level == "block" or reason == "other") and len(comment) < SHORTEST_COMMENT:
        raise Unanswered(
            _("Write in a few words why it is right here."), field=f"comment-{alert.alert_id}"
        )
    return reason, comment


def _request(writing: Writing, order: Order) -> MedicationRequest:
    own = chart.own_drafts(
        writing.session, writing.actor, writing.patient.patient_id, writing.now, writing.zone
    )
    row = MedicationRequest(
        patient_id=writing.patient.patient_id,
        doctor_id=writing.actor.doctor_id,
        record_id=own[0].record_id if len(own) == 1 else None,
        system=ATC if order.code else None,
        status="active",
        intent="order",
        authored=writing.now.astimezone(UTC).isoformat(timespec="seconds"),
        renewed_from_id=writing.renews.medication_request_id if writing.renews else None,
        attempt=writing.attempt,
        **vars(order),
    )
    if order.duration_days:
        days = order.duration_days * (1 + order.repeats)
        row.until = writing.today + timedelta(days=days - 1)
    with in_language(SOURCE):  # as it is kept and goes out; pages say it to each in their own
        row.dosage = in_words(row)
        row.dosage_detail = [as_fhir(row)]
    return row


def _end(
    actor: Acting, row: MedicationRequest, reason: str, note: str | None, now: datetime
) -> MedicationEnd:
    return MedicationEnd(
        medication_request_id=row.medication_request_id, patient_id=row.patient_id,
        reason=reason, note=note, at=now, staff_id=actor.staff_id,
    )  # fmt: skip
