"""Offering a second factor: a picture for the phone, and the secret behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from flask import current_app, request
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.models.base import sealing
from app.models.people import login_setting, login_told
from app.security import audit
from app.security.actor import actor_for

PURPOSE = "second factor on offer"
GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Offer:
    """`picture` is a QR code as a data address, `sealed` what the form brings back."""

    picture: str
    secret: str
    sealed: str


def offer(username: str, secret: str | None = None) -> Offer:
    """A secret for this login that nobody has yet; `secret` to show the same one again."""
    secret = secret or login_setting.new_secret()
    address = pyotp.TOTP(secret).provisioning_uri(
        name=username, issuer_name=current_app.config["CLINIC_NAME"]
    )
    picture = segno.make(address, error="m").svg_data_uri(scale=6, border=2, dark="#10242e")
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return Offer(picture, spaced, sealing.seal(PURPOSE, secret))


def offered_secret() -> str:
    """The secret that this form was offered. Raises Unsealed."""
    return sealing.open(PURPOSE, request.form.get("offer", ""), GOOD_FOR)


def note_change(session: Session, user_id: int, what: str, now: datetime) -> None:
    """Tell the trail and the person; the caller commits."""
    user = session.get_one(User, user_id)
    who = actor_for(user)
    audit.note(session, who, "second-factor", "User", key=user_id, detail={"what": what})
    login_told.factor_changed(session, user_id, what, now)
