"""From what the database refused to a sentence. The names are those of its constraints."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, IntegrityError

from app import spelling
from app.language import _, _l
from app.models.base.errors import ClinicError, Conflict

SENTENCES: dict[str, str] = {
    "appointment_doctor_taken": _l("The doctor has another visit at that time."),
    "appointment_room_taken": _l("The room is taken at that time."),
    "appointment_patient_taken": _l("The patient has another visit at that time."),
    "appointment_at_most_a_day": _l("A visit lasts at most 24 hours."),
    "appointment_has_length": _l("A visit lasts at least a minute."),
    "appointment_datetime_spelling": _l("The time of a visit must be a time in UTC."),
    "appointment_datetime_years": _l("A visit is in a year between 1800 and 2200."),
    "audit_event_append_only": _l("The audit trail is never changed."),
    "audit_seal_append_only": _l("The seals of the audit trail are never changed."),
    "login_session_ended": _l("A session that has ended does not come back."),
    "data_key_kept": _l("A key that texts are sealed with is never removed."),
    "attachment_kept": _l("A file of a chart is kept as it is."),
    "medication_end_append_only": _l("How a prescription ended is never changed."),
    "drug_alert_append_only": _l("What the check said is kept for good."),
    "alert_answer_append_only": _l("The answer to an alert is kept for good."),
    "glass_break_append_only": _l(
        "That the glass was broken is never changed; a review is written once."
    ),
    "glass_break_minutes": _l("The glass is broken for an hour at most."),
    "glass_break_reason": _l("The glass is broken with a reason."),
    "chart_restriction_kept": _l("A restriction is lifted, once, and never changed or removed."),
    "chart_restriction_reason": _l("A chart is restricted with a reason."),
    "ix_chart_restriction_active": _l("This chart is restricted already."),
    "care_team_once": _l("This person is in the team already."),
    "record_of_another": _l("This belongs to the record of another patient."),
    "medical_record_signed": _l("A signed record does not change."),
    "patient_replaced": _l("This patient was merged into another, who gets what is new."),
    "patient_link_itself": _l("A patient cannot be merged with themself."),
    "patient_link_chain": _l("One of the two was merged with somebody already. Undo that first."),
    "patient_link_kept": _l("A merge is undone, once, and never changed or removed."),
    "patient_link_reason": _l("A merge says why."),
    "patient_link_apart": _l("These two were told apart. Take that back first."),
    "patient_apart_order": _l("These are not two entries of the register."),
    "patient_apart_reason": _l("A decision says why."),
    "patient_apart_merged": _l("These two were merged. Undo that first."),
    "patient_apart_kept": _l("A decision is withdrawn, once, and never changed or removed."),
    "ix_patient_apart_standing": _l("These two were told apart already."),
    "ix_patient_link_open": _l("This patient was merged already."),
    "portal_access_of_another": _l("A guardian acts for somebody else."),
    "portal_token_tries": _l("A link dies after five wrong tries."),
    "shift_staff_twice": _l("This person already has a shift at that time."),
    "shift_spelling": _l("A shift is a date with two times of the clock."),
    "notification_to_one": _l("A message goes to one person."),
    "shift_has_length": _l("A shift cannot end when it begins."),
    "visit_type_minutes": _l("A visit lasts between 5 minutes and 12 hours."),
    "visit_type_grid": _l("Visits start every 5 minutes to every 12 hours."),
    "opening_hours_in_order": _l("The clinic closes later than it opens, on the same day."),
    "blocking_in_order": _l("It ends later than it begins."),
    "time_off_in_order": _l("It ends later than it begins."),
    "waitlist_entry_in_order": _l("The last day comes after the first."),
    "notification_rule_timed": _l(
        "A reminder says how long before the visit: hours, or days and a time; other messages do not."
    ),
    "notification_rule_ahead": _l(
        "A reminder goes 1 to 720 hours, or 1 to 30 days, before the visit."
    ),
    "notification_rule_at_time": _l("Days before a visit come with a time of the day."),
    "notification_rule_quiet": _l("Quiet hours have a beginning and an end."),
    "visit_type_buffers": _l("Time kept free cannot be negative."),
}

_UNIQUE = re.compile(r"UNIQUE constraint failed: \w+\.(\w+)|Key \((\w+)\)=.* already exists")


LOST_A_RACE = {"40001", "40P01", "55P03"}
"""PostgreSQL's words for "another was first": serialization failure, deadlock, lock not available."""


def lost_a_race(error: Exception) -> bool:
    """Whether the database gave way to somebody who wrote the same at that moment."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in LOST_A_RACE


def race() -> ClinicError:
    """What the one who gave way is told."""
    return Conflict(
        _("Somebody else changed the same at that moment. Nothing was saved; try again.")
    )


def sentence_for(error: IntegrityError) -> ClinicError:
    """The rule that was broken, in words; never the statement or its values."""
    said = str(error.orig)
    for name, sentence in SENTENCES.items():
        if name in said:
            return Conflict(sentence, constraint=name)
    if unique := _UNIQUE.search(said):
        column = next(filter(None, unique.groups()))
        return Conflict(
            _("Another entry has this %(column)s already.", column=spelling.said(words(column))),
            field=column,
        )
    if re.search("foreign key", said, re.IGNORECASE):
        return Conflict(_("Other entries depend on this one, or it names one that is not there."))
    return Conflict(_("The database refused this: a value is missing or outside what is allowed."))


def words(column: str) -> str:
    """`record_number` → “record number”."""
    return column.removesuffix("_id").replace("_", " ")
