"""When the clinic is open, and when a person or a place is not to be had."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Time, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.language import _
from app.models.base.acting import Acting
from app.models.base.clock import clinic_zone
from app.models.base.entity import Entity
from app.models.base.errors import ClinicError
from app.models.base.grants import EDIT, MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.clinic.room import Room
from app.models.people.staff import Staff
from app.spelling import said

DECIDED = frozenset({"approved", "declined"})
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class OpeningHours(Entity):
    """One span of wall-clock time on each such weekday; without any, the rota alone decides."""

    __tablename__ = "opening_hours"
    __table_args__ = (CheckConstraint("start_time < end_time", name="opening_hours_in_order"),)

    opening_hours_id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[str] = mapped_column(choice("opening_hours_weekday", *WEEKDAYS))
    start_time: Mapped[time] = mapped_column(Time)
    end_time: Mapped[time] = mapped_column(Time)

    __screen__ = Screen(
        title="Opening hours",
        menu="Set-up",
        icon="fa-clock",
        columns=["weekday", "start_time", "end_time"],
        search=["weekday"],
        labels={"start_time": "From", "end_time": "To"},
        empty="No opening hours: visits can be booked in every published shift.",
        grants={Role.ADMIN: MANAGE, Role.RECEPTIONIST: READ},
    )

    def __str__(self) -> str:
        return f"{self.weekday} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class TimeOff(Entity):
    """Leave of a member of staff; once approved, no visit is booked in it."""

    __tablename__ = "time_off"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="time_off_in_order"),
        Index("ix_time_off_staff_start", "staff_id", "start_at"),
    )

    time_off_id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(
        choice("time_off_status", "requested", "approved", "declined"),
        default="requested",
        server_default="requested",
    )
    note: Mapped[str | None] = mapped_column(String(200))
    staff: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Time off",
        menu="Team",
        icon="fa-umbrella-beach",
        columns=["staff", "start_at", "end_at", "status", "note"],
        search=["staff", "start_at", "status"],
        form=["staff", "start_at", "end_at", "status", "note"],
        labels={"start_at": "From", "end_at": "Until"},
        order="-start_at",
        empty="Nobody is away. Ask for time off with “Add”.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ | EDIT.own("staff_id").hiding("status"),
            Role.NURSE: READ | EDIT.own("staff_id").hiding("status"),
            Role.RECEPTIONIST: READ | EDIT.own("staff_id").hiding("status"),
        },
    )

    def __str__(self) -> str:
        return _("Time off %(number)s", number=self.time_off_id)

    @property
    def whole_days(self) -> tuple[date, date] | None:
        """The first and the last day where it is of whole days in clinic time, else None."""
        first, last = (at.astimezone(clinic_zone()) for at in (self.start_at, self.end_at))
        if (first.time(), last.time()) != (time(), time()):
            return None
        return first.date(), last.date() - timedelta(days=1)

    def read(self, name: str) -> Any:
        """Whole days are said by their days, not by their midnights."""
        ends = ("start_at", "end_at")
        days = self.whole_days if name in ends else None
        return days[ends.index(name)] if days else getattr(self, name)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """What was decided keeps its times: only an admin moves it. Raises ClinicError."""
        if self.start_at >= self.end_at:
            raise ClinicError(_("Time off ends after it begins."), field="end_at")
        decides = actor is None or Role.ADMIN in actor.roles
        if not decides and self.status in DECIDED and self._moved():
            decided = said(self.status)
            text = _(
                "This time off is %(status)s already; ask for other days anew.", status=decided
            )
            raise ClinicError(text, field="start_at")

    def _moved(self) -> bool:
        state: Any = inspect(self)
        attributes = (state.attrs.start_at, state.attrs.end_at, state.attrs.staff_id)
        return state.has_identity and any(a.history.has_changes() for a in attributes)


class Blocking(Entity):
    """A room that is not to be had for a time: repair, cleaning, an event."""

    __tablename__ = "blocking"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="blocking_in_order"),
        Index("ix_blocking_room_start", "room_id", "start_at"),
    )

    blocking_id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.room_id"))
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text)
    room: Mapped[Room] = relationship()

    __screen__ = Screen(
        title="Room blockings",
        one="Room blocking",
        menu="Set-up",
        icon="fa-ban",
        columns=["room", "start_at", "end_at", "reason"],
        search=["room", "start_at"],
        labels={"start_at": "From", "end_at": "Until"},
        order="-start_at",
        empty="No room is blocked.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: EDIT,
        },
    )

    def __str__(self) -> str:
        return _("Blocking %(number)s", number=self.blocking_id)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        if self.start_at >= self.end_at:
            raise ClinicError(_("A blocking ends after it begins."), field="end_at")
