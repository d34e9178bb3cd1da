"""The rota: who works when, in wall-clock time of the clinic."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Time
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base.entity import Entity
from app.models.base.grants import MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.people.staff import Staff
from app.spelling import spelled


class Shift(Entity):
    """One member of staff at work on one date; an end at or before the start is on the next day."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("start_time <> end_time", name="shift_has_length"),
        Index("ix_shift_date_staff", "shift_date", "staff_id"),
        Index("ix_shift_staff_date", "staff_id", "shift_date"),
    )

    shift_id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    shift_date: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time] = mapped_column(Time)
    end_time: Mapped[time] = mapped_column(Time)
    published: Mapped[bool] = mapped_column(default=True, server_default="1")
    staff: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Shifts",
        menu="Team",
        icon="fa-business-time",
        columns=["staff", "shift_date", "start_time", "end_time", "published"],
        search=["staff", "shift_date", "published"],
        form=["staff", "shift_date", "start_time", "end_time", "published"],
        labels={"shift_date": "Date", "start_time": "From", "end_time": "To"},
        help={"end_time": "A time before the start is on the next day."},
        order="-shift_date",
        empty="The rota is empty. Add a shift; free times follow from it.",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ,
            Role.RECEPTIONIST: READ,
        },
    )

    def __str__(self) -> str:
        return (
            f"{spelled(self.shift_date, 'd MMM y')} {self.start_time:%H:%M}–{self.end_time:%H:%M}"
        )

    def interval(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """First and last instant of the shift, half-open; wall-clock time is read in `zone`."""
        return interval_of(self.shift_date, self.start_time, self.end_time, zone)


def interval_of(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First and last instant of a shift that begins on `day`; half-open, wall-clock time of `zone`."""
    last_day = day + timedelta(days=end <= start)
    return datetime.combine(day, start, zone), datetime.combine(last_day, end, zone)
