"""Coming into the portal: by an invitation or a new password, each a link that works once.

The link alone opens nothing: who has it must know the birth date, with few tries. Opening it
changes nothing, since programs that look for dangerous mail open every link.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.base.errors import ClinicError, Conflict
from app.models.base.grants import Role
from app.models.messages import outbox
from app.models.people.patient import Patient
from app.models.portal import portal_links
from app.models.portal.portal_access import PortalAccess, PortalToken
from app.models.portal.portal_registration import PortalRegistration

INVITED = timedelta(days=7)
RESET = timedelta(hours=1)
TAKEN = _l(
    "There is a login with this e-mail address already. Sign in with it first, then open "
    "the link again: the patient is added to it."
)
EVENTS = {"invitation": "invitation", "reset": "password_reset"}
"""What the rules of messages call it."""

NO_RULE = _l("No message rule sends invitations. The admin can switch one on under Message rules.")
NO_MAILBOX = "portal.invalid"
"""The framework wants an address for each login; where a patient has none, one that is never one
(RFC 2606)."""


def invite(
    session: Session, patient: Patient, relation: str, holder: str, now: datetime
) -> tuple[PortalToken, str]:
    """A link for the patient, or for who acts for them; the earlier ones are void. The second
    value is its secret, told this once. Raises ClinicError where it could not be sent or used."""
    if patient.deceased_on:
        raise ClinicError(_("This patient has died."))
    if relation == "self" and patient.user_id is not None:
        raise Conflict(_("This patient has a login already. They can ask for a new password."))
    if not (patient.email or patient.phone):
        raise ClinicError(_("There is no e-mail address and no phone number in the register."))
    portal_links.void(
        session, PortalToken.patient_id == patient.patient_id, PortalToken.relation == relation
    )
    return portal_links.make(
        session, "invitation", patient.patient_id, now, INVITED,
        relation=relation, holder=holder or patient.name, email=patient.email,
    )  # fmt: skip


def reset(session: Session, said: str, now: datetime) -> tuple[PortalToken, str, bool] | None:
    """A link to set a new password, for the patient's login of that name or address. Where there
    is none it is for any other patient's login, and the caller takes it back: the work is the
    same, so that its length tells nobody who is known. The last value says whether it is theirs.
    None in a clinic where no patient signs in."""
    theirs = or_(func.lower(User.username) == said.lower(), func.lower(User.email) == said.lower())
    found = session.execute(
        select(User, theirs.label("theirs"))
        .where(
            User.active,
            User.roles.any(RoleRow.name == Role.PATIENT.value),
            ~User.roles.any(RoleRow.name != Role.PATIENT.value),
            or_(
                exists().where(Patient.user_id == User.id),
                exists().where(PortalAccess.user_id == User.id, PortalAccess.ended_at.is_(None)),
            ),
        )
        .order_by(case((theirs, 0), else_=1), User.id)
        .limit(1)
    ).first()
    patient_id = _someone_of(session, found.User.id) if found else None
    if found is None or patient_id is None:
        return None
    user = found.User
    portal_links.void(session, PortalToken.user_id == user.id)
    made = portal_links.make(
        session, "reset", patient_id, now, RESET, user_id=user.id, holder=user.get_full_name()
    )
    return *made, bool(found.theirs)


def activate(session: Session, row: PortalToken, password_hash: str, now: datetime) -> User:
    """Use the link up: a login with this password, new or as it was. Raises ClinicError."""
    portal_links.use(session, row, now)
    if row.user is not None:
        row.user.password = password_hash
        return row.user
    patient = row.patient
    if row.relation == "self" and patient.user_id is not None:
        raise Conflict(_("You have a login already. Sign in with it."))
    username = (row.email or patient.record_number or "").lower()
    taken = select(User.id).where(
        or_(func.lower(User.username) == username, func.lower(User.email) == username)
    )
    if session.scalar(taken) is not None:
        raise Conflict(TAKEN)
    first, last = (*row.holder.split(" ", 1), "")[:2]
    role = session.scalars(select(RoleRow).where(RoleRow.name == Role.PATIENT.value)).one()
    user = User(
        username=username, first_name=first[:64], last_name=last[:64], active=True,
        email=row.email or f"{username}@{NO_MAILBOX}", password=password_hash, roles=[role],
    )  # fmt: skip
    session.add(user)
    session.flush()
    _link(session, row, user, now)
    return user


def add_to(session: Session, row: PortalToken, user: User, now: datetime) -> None:
    """Use an invitation up for someone who has a login: it acts for this patient too."""
    portal_links.use(session, row, now)
    _link(session, row, user, now)


def approve(session: Session, asked: PortalRegistration, now: datetime) -> tuple[PortalToken, str]:
    """Invite who asked; where the desk picked no patient, they are registered. Raises
    ClinicError."""
    patient = session.get(Patient, asked.patient_id) if asked.patient_id else asked.patient
    if patient is None:
        patient = Patient(name=asked.name, dob=asked.dob, email=asked.email, phone=asked.phone)
        session.add(patient)
        session.flush()
        asked.patient = patient
    elif patient.dob != asked.dob:
        raise ClinicError(_("This patient has another birth date."), field="patient")
    patient.email = patient.email or asked.email
    return invite(session, patient, "self", patient.name, now)


def tell(session: Session, row: PortalToken, path: str, now: datetime) -> None:
    """Send the link, a path of the clinic, to the address in the register or to that of the
    login. Raises ClinicError where no rule sends it."""
    own = row.user is not None and not row.user.email.endswith(NO_MAILBOX)
    to = {"user_id": row.user_id} if own else {"patient_id": row.patient_id}
    context = {"link": path, "until": row.expires_at}
    cause, event = f"link:{row.portal_token_id}", EVENTS[row.purpose]
    sent = outbox.announce(
        session, event, cause, now, context=context, expires=row.expires_at, **to
    )
    reasons = [message.reason for message in sent if message.state == "skipped"]
    if row.purpose == "invitation" and len(reasons) == len(sent):
        raise ClinicError(reasons[0] if reasons and reasons[0] else NO_RULE)


def tell_declined(session: Session, asked: PortalRegistration, now: datetime) -> None:
    """Whoever asked learns that the desk did not recognise them, and nothing about any patient."""
    key = asked.portal_registration_id
    outbox.announce(
        session, "access_declined", f"registration:{key}", now, portal_registration_id=key
    )


def _link(session: Session, row: PortalToken, user: User, now: datetime) -> None:
    if row.relation == "self":
        other = session.scalar(select(Patient.patient_id).where(Patient.user_id == user.id))
        if row.patient.user_id is not None or other is not None:
            raise Conflict(_("This login belongs to a patient already."))
        row.patient.user_id = user.id
        return
    there = select(PortalAccess).where(
        PortalAccess.user_id == user.id,
        PortalAccess.patient_id == row.patient_id,
        PortalAccess.ended_at.is_(None),
    )
    if session.scalars(there).first() is None:
        session.add(
            PortalAccess(
                user_id=user.id, patient_id=row.patient_id, relation=row.relation,
                holder=row.holder, since=now,
            )
        )  # fmt: skip


def _someone_of(session: Session, user_id: int) -> int | None:
    """A patient whose birth date this login knows: their own, else one that they guard."""
    own = session.scalar(select(Patient.patient_id).where(Patient.user_id == user_id))
    if own is not None:
        return own
    query = select(PortalAccess.patient_id).where(
        PortalAccess.user_id == user_id, PortalAccess.ended_at.is_(None)
    )
    return session.scalars(query.order_by(PortalAccess.portal_access_id)).first()
