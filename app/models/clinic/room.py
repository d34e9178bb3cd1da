"""Rooms, each of a type and in a state."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base.entity import Entity
from app.models.base.grants import CHANGE, MANAGE, READ, Role
from app.models.base.screen import Screen
from app.models.base.types import choice

ROOM_STATES = ("available", "occupied", "cleaning", "out of service")


class Room(Entity):
    """A place where a visit happens."""

    __tablename__ = "room"

    room_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    room_type: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(
        choice("room_status", *ROOM_STATES), default="available", server_default="available"
    )

    __screen__ = Screen(
        title="Rooms",
        menu="Set-up",
        icon="fa-door-open",
        columns=["name", "room_type", "status"],
        search=["name", "room_type", "status"],
        labels={"room_type": "Type"},
        help={"room_type": "A word of your own, such as exam; a visit type asks for rooms by it."},
        order="name",
        empty="No room yet. Add the first one, so that visits have a place.",
        related=["appointment", "blocking"],
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ,
            Role.NURSE: READ | CHANGE.only("status"),
            Role.RECEPTIONIST: READ | CHANGE.only("status"),
        },
    )
