"""The clinic acting by itself: what a job does is done by it, and its history says so."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.base.grants import Role


@dataclass(frozen=True)
class Itself:
    """Acts with the rights of the desk; it has no login, so no request is ever it."""

    user_id: int | None = None
    username: str = "clinic"
    roles: frozenset[Role] = frozenset({Role.ADMIN})
    staff_id: int | None = None
    doctor_id: int | None = None
    patient_id: int | None = None


CLINIC = Itself()
