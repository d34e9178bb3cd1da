"""What a rule asks of the person who acts; the security layer's actor answers it."""

from __future__ import annotations

from typing import Protocol

from app.models.base.grants import Role


class Acting(Protocol):
    """Someone signed in, or a job acting for the clinic (`user_id` None)."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def roles(self) -> frozenset[Role]: ...
    @property
    def staff_id(self) -> int | None: ...
    @property
    def doctor_id(self) -> int | None: ...
    @property
    def patient_id(self) -> int | None: ...
