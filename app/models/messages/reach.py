"""By which address a person can be reached, and whether they want to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

import phonenumbers
from flask import current_app
from flask_appbuilder.security.sqla.models import User
from phonenumbers import PhoneNumberType
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.language import LANGUAGES, _k
from app.models.messages.contact_preference import ContactPreference
from app.models.people.linked import kept_id
from app.models.people.login_setting import LoginSetting
from app.models.people.mailbox import email_of
from app.models.people.patient import Patient
from app.models.people.staff import Staff
from app.models.portal.portal_registration import PortalRegistration

MOBILE = {
    PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN,
    PhoneNumberType.PERSONAL_NUMBER,
}  # fmt: skip
NO_ADDRESS = {"email": _k("There is no e-mail address."), "sms": _k("There is no mobile number.")}
UNWANTED = {
    "email": _k("The patient wants no e-mail."),
    "sms": _k("The patient wants no text messages."),
}
STOPPED = _k("The patient wants no messages.")
NO_INBOX = _k("They have no inbox yet.")
DIED = _k("The patient has died.")

_patient: Any = Patient.__table__
_said: Any = ContactPreference.__table__
_PATIENTS = (
    select(
        _patient.c.patient_id, _patient.c.name, _patient.c.email, _patient.c.phone,
        _patient.c.language, _patient.c.deceased_on, _said.c.language.label("chosen"),
        _said.c.email.label("by_email"), _said.c.sms.label("by_sms"), _said.c.stopped_at,
    )
    .select_from(_patient.outerjoin(_said))
    .where(_patient.c.patient_id.in_(bindparam("keys", expanding=True)))
)  # fmt: skip
"""Made once, for it is asked before each message that leaves."""

Addressed = TypeVar("Addressed", bound=Any)


@dataclass(frozen=True)
class Reach:
    """What is known of one person: `addresses` by channel, and by channel why not."""

    name: str
    language: str = "en"
    addresses: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, channel: str) -> str | None:
        """Why nothing goes out by this channel; None where it may."""
        if channel == "inbox":
            return self.refused.get("inbox")
        return self.refused.get(channel) or (
            None if channel in self.addresses else NO_ADDRESS[channel]
        )

    def first_of(self, order: Iterable[str]) -> str | None:
        """The first channel of `order` that reaches the person. One that nobody set up (it would
        only be written down here) comes after those that are."""
        names = list(order)
        ready = [name for name in names if is_set_up(name)] or names
        return next((name for name in ready if self.why_not(name) is None), None)


def is_set_up(channel: str) -> bool:
    """Whether messages by this channel leave the house."""
    setting = {"email": "MAIL_SERVER", "sms": "SMS_URL"}.get(channel)
    return setting is None or bool(current_app.config.get(setting))


def to_who_is_kept(session: Session, to: Addressed) -> Addressed:
    """The same, but to who is kept for a patient who was merged into another."""
    if to.patient_id is None:
        return to
    return replace(to, patient_id=kept_id(session, to.patient_id))


def of_patients(session: Session, keys: Iterable[int]) -> dict[int, Reach]:
    """Patients with their preferences, in one statement."""
    rows = session.execute(_PATIENTS, {"keys": list(set(keys))})
    return {row.patient_id: _of_patient(row) for row in rows}


def of_staff(session: Session, staff_id: int) -> Reach:
    """A member of staff, by the e-mail address of their login and in the language of its pages."""
    query = (
        select(Staff.name, User.email, LoginSetting.language)
        .outerjoin(User, User.id == Staff.user_id)
        .outerjoin(LoginSetting, LoginSetting.user_id == Staff.user_id)
    )
    row = session.execute(query.where(Staff.staff_id == staff_id)).one()
    return Reach(row.name, _chosen(row.language), _addresses(row.email, None))


def of_user(session: Session, user_id: int) -> Reach:
    """A login, by its e-mail address and in the language of its pages."""
    query = select(User.first_name, User.last_name, User.email, LoginSetting.language)
    query = query.outerjoin(LoginSetting, LoginSetting.user_id == User.id)
    row = session.execute(query.where(User.id == user_id)).one()
    name = f"{row.first_name} {row.last_name}"
    return Reach(name, _chosen(row.language), _addresses(row.email, None))


def of_registration(session: Session, portal_registration_id: int) -> Reach:
    """Somebody who asked for the portal, by what they wrote of themselves."""
    row = session.get_one(PortalRegistration, portal_registration_id)
    return Reach(row.name, _house(), _addresses(row.email, row.phone), {"inbox": NO_INBOX})


@lru_cache(maxsize=4096)
def mobile_of(said: str, region: str | None) -> str | None:
    """A number that takes text messages, as E.164 (`+34600123456`); `region` is the country of
    numbers written without one."""
    try:
        number = phonenumbers.parse(said, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _house() -> str:
    """The language of the clinic, for those who have said none."""
    return str(current_app.config["CLINIC_LANGUAGE"])


def _chosen(code: str | None) -> str:
    return code if code in LANGUAGES else _house()


def _of_patient(row: Any) -> Reach:
    refused: dict[str, str] = {}
    for channel in ("email", "sms"):
        if row.deceased_on:
            refused[channel] = DIED
        elif row.stopped_at:
            refused[channel] = STOPPED
        elif getattr(row, f"by_{channel}") is False:
            refused[channel] = UNWANTED[channel]
    if row.deceased_on:
        refused["inbox"] = DIED
    language = row.chosen or row.language or _house()
    addresses = _addresses(row.email, row.phone)
    return Reach(row.name, language, addresses, refused)


def _addresses(email: str | None, phone: str | None) -> dict[str, str]:
    found = {
        "email": email_of(email) if email else None,
        "sms": mobile_of(phone, current_app.config["CLINIC_COUNTRY"]) if phone else None,
    }
    return {channel: address for channel, address in found.items() if address}
