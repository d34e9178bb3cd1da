"""What the rota keeps beside its shifts: swaps, weekly templates, and what was published."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, Time
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.language import _
from app.models.base.entity import Entity
from app.models.base.grants import READ, Role
from app.models.base.screen import Screen
from app.models.base.types import Instant, choice
from app.models.people.staff import Staff
from app.models.rota.shift import Shift

BOTH = READ.own("staff_id") | READ.own("other_id")


class ShiftSwap(Entity):
    """Two people wish to take each other's shift: one asks, the other agrees, the planner decides."""

    __tablename__ = "shift_swap"
    __table_args__ = (Index("ix_shift_swap_status", "status"),)

    shift_swap_id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.shift_id", ondelete="CASCADE"))
    other_shift_id: Mapped[int] = mapped_column(ForeignKey("shift.shift_id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"))
    status: Mapped[str] = mapped_column(
        choice("shift_swap_status", "requested", "approved", "declined"),
        default="requested",
        server_default="requested",
    )
    created: Mapped[datetime] = mapped_column(Instant)
    agreed: Mapped[datetime | None] = mapped_column(Instant)
    decided: Mapped[datetime | None] = mapped_column(Instant)
    shift: Mapped[Shift] = relationship(foreign_keys=[shift_id])
    other_shift: Mapped[Shift] = relationship(foreign_keys=[other_shift_id])
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    other: Mapped[Staff] = relationship(foreign_keys=[other_id])

    __screen__ = Screen(
        title="Shift swaps",
        icon="fa-right-left",
        columns=["created", "staff", "shift", "other", "other_shift", "agreed", "status"],
        search=["created", "staff", "other", "status"],
        labels={"other": "With", "other_shift": "For", "created": "Asked"},
        order="-created",
        empty="Nobody asks for a swap. Ask for one from a shift of yours on the rota.",
        grants={
            Role.ADMIN: READ,
            Role.DOCTOR: BOTH,
            Role.NURSE: BOTH,
            Role.RECEPTIONIST: BOTH,
        },
    )

    def __str__(self) -> str:
        return _("Swap of %(name)s with %(other)s", name=self.staff.name, other=self.other.name)

    @property
    def waits_for_colleague(self) -> bool:
        """Whether the other has yet to agree; one without a login cannot say so here."""
        return self.agreed is None and self.other.user_id is not None


class RotaTemplate(Entity):
    """A week of shifts under a name, to be laid over other weeks."""

    __tablename__ = "rota_template"
    __screen__ = None

    rota_template_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class RotaTemplateRow(Entity):
    """One shift of a template; Monday is weekday 0."""

    __tablename__ = "rota_template_row"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="rota_template_row_weekday"),
        Index("ix_rota_template_row", "rota_template_id"),
    )
    __screen__ = None

    rota_template_row_id: Mapped[int] = mapped_column(primary_key=True)
    rota_template_id: Mapped[int] = mapped_column(
        ForeignKey("rota_template.rota_template_id", ondelete="CASCADE")
    )
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id", ondelete="CASCADE"))
    weekday: Mapped[int] = mapped_column()
    start_time: Mapped[time] = mapped_column(Time)
    end_time: Mapped[time] = mapped_column(Time)


class RotaPublication(Entity):
    """A week was published: when, by whom, and why against a rule."""

    __tablename__ = "rota_publication"
    __table_args__ = (Index("ix_rota_publication_monday", "monday"),)
    __screen__ = None

    rota_publication_id: Mapped[int] = mapped_column(primary_key=True)
    monday: Mapped[date] = mapped_column(Date)
    recorded: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column()
    agent: Mapped[str | None] = mapped_column(String(128))
    shifts: Mapped[int] = mapped_column()
    reason: Mapped[str | None] = mapped_column(Text)
