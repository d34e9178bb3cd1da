"""What is kept of a login beside its password: the second factor (RFC 6238), a password that must
be changed, and the language of its pages.

The secret of the second factor is kept encrypted, recovery codes as their hash. Each code opens
once: the database keeps the last time step that did, and the hour at which a recovery code did.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Any

import pyotp
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.models.base import sealing
from app.models.base.entity import Entity
from app.models.base.types import Instant
from app.models.visits.feed import hash_of

PURPOSE = "second factor"
CODES = 10
STEP = 30
"""Seconds for which a code is good; the ones before and after it are taken too, since clocks differ."""


class LoginSetting(Entity):
    """At most one row for each login; none means neither."""

    __tablename__ = "login_setting"
    __table_args__ = (
        CheckConstraint(
            "totp_since IS NULL OR totp_secret IS NOT NULL", name="login_setting_totp_has_secret"
        ),
    )
    __screen__ = None

    login_setting_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), unique=True)
    must_change: Mapped[bool] = mapped_column(default=False, server_default="0")
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    totp_since: Mapped[datetime | None] = mapped_column(Instant)
    totp_step: Mapped[int | None] = mapped_column()
    language: Mapped[str | None] = mapped_column(String(10))
    user: Mapped[User] = relationship()


class RecoveryCode(Entity):
    """Opens once where the second factor is lost."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_user", "user_id"),)
    __screen__ = None

    recovery_code_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    user: Mapped[User] = relationship()


def of_login(session: Session, user_id: int) -> LoginSetting | None:
    """The setting of a login; None where it was never given one."""
    return session.scalars(
        select(LoginSetting).where(LoginSetting.user_id == user_id)
    ).one_or_none()


def made_for(session: Session, user_id: int) -> LoginSetting:
    """The row of this login, a new one where there is none."""
    found = of_login(session, user_id)
    if found is None:
        found = LoginSetting(user_id=user_id, must_change=False)
        session.add(found)
    return found


def new_secret() -> str:
    """A secret of 160 bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def enrol(
    session: Session, user_id: int, secret: str, code: str, now: datetime
) -> list[str] | None:
    """Make `secret` the second factor where `code` proves that the person's device has it, and
    answer ten recovery codes, which are told this once; None where the code is wrong."""
    step = _step_of(secret, code, now)
    if step is None:
        return None
    row = made_for(session, user_id)
    row.totp_secret, row.totp_since, row.totp_step = sealing.seal(PURPOSE, secret), now, step
    return new_recovery_codes(session, user_id)


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Ten codes of 80 bits in place of any before them."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    made = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_code_hash(user_id, c)) for c in made)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def accepts(session: Session, row: LoginSetting, code: str, now: datetime) -> bool:
    """Whether `code` opens this login now: one of the device, or a recovery code; neither twice."""
    said = "".join(code.split()).replace("-", "").lower()
    step = _step_of(sealing.open(PURPOSE, row.totp_secret or ""), said, now)
    if step is not None:
        newer = or_(LoginSetting.totp_step.is_(None), LoginSetting.totp_step < step)
        taken: Any = session.execute(
            update(LoginSetting)
            .where(LoginSetting.login_setting_id == row.login_setting_id, newer)
            .values(totp_step=step)
        )
        return bool(taken.rowcount)
    return _use_recovery_code(session, row.user_id, said, now)


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes of a login are not used yet."""
    query = select(func.count()).select_from(RecoveryCode)
    return (
        session.scalar(query.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)))
        or 0
    )


def remove(session: Session, row: LoginSetting) -> None:
    """Take the second factor away, with its recovery codes."""
    row.totp_secret = row.totp_since = row.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == row.user_id))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of the present one and its neighbours."""
    totp, present = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    for step in (present, present - 1, present + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), code):
            return step
    return None


def _use_recovery_code(session: Session, user_id: int, said: str, now: datetime) -> bool:
    used: Any = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _code_hash(user_id, said),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(used.rowcount)


def _code_hash(user_id: int, code: str) -> str:
    return hash_of(f"{user_id}:{code}")
