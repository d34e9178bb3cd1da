"""Links into the portal: each is made once, works once, and is void after a time or a few tries.

The database keeps a hash of the secret alone.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.language import _l, _n
from app.models.base.errors import ClinicError, NotFound
from app.models.portal.portal_access import MOST_TRIES, PortalToken
from app.models.visits.feed import TOKEN_BYTES, hash_of

GONE = _l("This link was used already, or is too old. Please ask for a new one.")


def make(
    session: Session, purpose: str, patient_id: int, now: datetime, length: timedelta,
    **columns: object,
) -> tuple[PortalToken, str]:  # fmt: skip
    """A link that works for so long. The second value is its secret, told this once."""
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    row = PortalToken(
        purpose=purpose, patient_id=patient_id, token_hash=hash_of(secret), created=now,
        expires_at=now + length, **columns,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, secret


def find(session: Session, secret: str, now: datetime) -> PortalToken:
    """The link that can still be used. Raises NotFound."""
    row = session.scalars(
        select(PortalToken).where(
            PortalToken.token_hash == hash_of(secret),
            PortalToken.used_at.is_(None),
            PortalToken.expires_at > now,
            PortalToken.tries < MOST_TRIES,
        )
    ).one_or_none()
    if row is None:
        raise NotFound(GONE)
    return row


def proves(session: Session, row: PortalToken, dob: date) -> bool:
    """Whether this is the birth date. A wrong one counts as a try, by a statement that no race
    loses; the caller commits it."""
    if row.patient.dob == dob:
        return True
    session.execute(
        update(PortalToken)
        .where(PortalToken.portal_token_id == row.portal_token_id, PortalToken.tries < MOST_TRIES)
        .values(tries=PortalToken.tries + 1)
    )
    session.refresh(row)
    return False


def wrong(row: PortalToken) -> ClinicError:
    """What to say of a wrong birth date."""
    left = MOST_TRIES - row.tries
    if left <= 0:
        return NotFound(GONE)
    return ClinicError(
        _n(
            "This is not the birth date that we have. %(num)s more try.",
            "This is not the birth date that we have. %(num)s more tries.",
            left,
        ),
        field="dob",
    )


def use(session: Session, row: PortalToken, now: datetime) -> None:
    """Once, whoever else has the same link at the same moment. Raises NotFound."""
    taken = session.execute(
        update(PortalToken)
        .where(PortalToken.portal_token_id == row.portal_token_id, PortalToken.used_at.is_(None))
        .values(used_at=now)
        .returning(PortalToken.portal_token_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        raise NotFound(GONE)


def void(session: Session, *which: object) -> None:
    """Nobody uses these links any more."""
    session.execute(
        update(PortalToken)
        .where(PortalToken.used_at.is_(None), *which)  # type: ignore[arg-type]
        .values(tries=MOST_TRIES)
        .execution_options(synchronize_session=False)
    )
