"""Tables that no clinic shipped with, declared as a newcomer would, and a clinic that has them.

- Equipment is the tutorial's.
- Loan has a column of every type and two links to the same table.
- Motto is read by nurses only, links to nothing and stands in no menu.
- Letter is its doctor's and its patient's own; Reply leads to a letter.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Date, Float, ForeignKey, MetaData, Numeric, String, Text, Time
from sqlalchemy.orm import Mapped, configure_mappers, mapped_column, relationship

from app import create_app, models
from app.extensions import db
from app.models import (
    CHANGE,
    EDIT,
    MANAGE,
    READ,
    Doctor,
    Entity,
    Patient,
    Role,
    Room,
    Screen,
    Staff,
)
from app.models.base.types import Instant, choice

SETTINGS = ("TESTING", "PROPAGATE_EXCEPTIONS", "WTF_CSRF_ENABLED",
            "SECRET_KEY", "CLINIC_TIMEZONE")  # fmt: skip


class Invention(Entity):
    """A table apart from those of the clinic: what compares the models with the migrations does not
    meet it, and a clinic may have one of the same name, such as the tutorial's."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Entity.metadata.naming_convention)


class Equipment(Invention):
    """A device that stands in a room."""

    __tablename__ = "equipment"

    equipment_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    room_id: Mapped[int | None] = mapped_column(ForeignKey(Room.room_id))
    room: Mapped[Room | None] = relationship()

    __screen__ = Screen(
        title="Equipment",
        menu="Clinic",
        icon="fa-stethoscope",
        columns=["name", "room"],
        search=["name", "room"],
        grants={
            Role.ADMIN: MANAGE,
            Role.NURSE: EDIT,
            Role.RECEPTIONIST: READ,
        },
    )


class Loan(Invention):
    """A device that a patient took home."""

    __tablename__ = "loan"

    loan_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    given_on: Mapped[date] = mapped_column(Date)
    call_at: Mapped[time | None] = mapped_column(Time)
    due: Mapped[datetime | None] = mapped_column(Instant)
    deposit: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    weight: Mapped[float | None] = mapped_column(Float)
    returned: Mapped[bool] = mapped_column(default=False, server_default="0")
    state: Mapped[str | None] = mapped_column(choice("loan_state", "good", "worn"))
    notes: Mapped[str | None] = mapped_column(Text)
    patient_id: Mapped[int] = mapped_column(ForeignKey(Patient.patient_id))
    giver_id: Mapped[int | None] = mapped_column(ForeignKey(Staff.staff_id))
    taker_id: Mapped[int | None] = mapped_column(ForeignKey(Staff.staff_id))
    patient: Mapped[Patient] = relationship()
    giver: Mapped[Staff | None] = relationship(foreign_keys=[giver_id])
    taker: Mapped[Staff | None] = relationship(foreign_keys=[taker_id])

    __screen__ = Screen(
        title="Loans",
        menu="Lending",
        columns=["name", "patient", "given_on", "due", "deposit", "returned", "giver", "taker"],
        search=["name", "given_on", "due", "deposit", "returned", "state", "giver", "taker"],
        labels={"deposit": "Money left here", "given_on": "Since"},
        order="-given_on",
        grants={
            Role.ADMIN: MANAGE,
            Role.DOCTOR: READ.only("name", "given_on"),
            Role.NURSE: EDIT.hiding("deposit", "notes"),
            Role.RECEPTIONIST: READ | CHANGE.only("returned"),
            Role.PATIENT: READ.own("patient_id").hiding("notes"),
        },
    )


class Motto(Invention):
    """A sentence for the day."""

    __tablename__ = "motto"

    motto_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    votes: Mapped[int] = mapped_column(default=0, server_default="0")

    __screen__ = Screen(
        title="Mottoes", columns=["day", "votes"], search=["day"], grants={Role.NURSE: READ}
    )


class Letter(Invention):
    """A letter about a patient; its secret is for the doctor who wrote it."""

    __tablename__ = "letter"

    letter_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret: Mapped[str | None] = mapped_column(String(100))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey(Patient.patient_id))
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey(Doctor.doctor_id))
    patient: Mapped[Patient | None] = relationship()
    doctor: Mapped[Doctor | None] = relationship()

    __screen__ = Screen(
        title="Letters",
        menu="Records",
        columns=["name", "secret", "patient", "doctor"],
        search=["name", "secret", "patient", "doctor"],
        order="secret",
        grants={
            Role.DOCTOR: MANAGE.own("doctor_id"),
            Role.PATIENT: READ.own("patient_id").hiding("secret"),
            Role.NURSE: READ.hiding("secret", "patient"),
            Role.RECEPTIONIST: EDIT.hiding("secret"),
        },
    )


class Reply(Invention):
    """An answer to a letter; anyone on the staff reads it, only its doctor changes it."""

    __tablename__ = "reply"

    reply_id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(100))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.letter_id"))
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey(Doctor.doctor_id))
    letter: Mapped[Letter | None] = relationship()
    doctor: Mapped[Doctor | None] = relationship()

    __screen__ = Screen(
        title="Replies",
        menu="Records",
        columns=["text", "letter", "doctor"],
        search=["text", "letter"],
        form=["text", "letter_id", "doctor"],  # a key in a form is its link all the same
        grants={
            Role.DOCTOR: READ | MANAGE.own("doctor_id"),
            Role.NURSE: READ,
            Role.RECEPTIONIST: EDIT.hiding("doctor"),
        },
    )


INVENTED = (Equipment, Loan, Motto, Letter, Reply)

configure_mappers()


class Invented:
    """The clinic with the tables above, on an SQLite file of its own."""

    def __init__(self, shipped: Flask, folder: Path) -> None:
        self.path = folder / "clinic.db"
        self.empty = Path(shipped.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
        settings = {name: shipped.config[name] for name in SETTINGS}
        with pytest.MonkeyPatch.context() as patch:
            names = {table.__tablename__ for table in INVENTED}
            others = [table for table in models.ALL if table.__tablename__ not in names]
            patch.setattr(models, "ALL", (*others, *INVENTED))
            url = f"sqlite:///{self.path}"
            self.app = create_app(**settings, SQLALCHEMY_DATABASE_URI=url)

    def emptied(self) -> Flask:
        """The application on an empty file that has all tables."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
            for leftover in self.path.parent.glob(f"{self.path.name}*"):
                leftover.unlink()
            shutil.copy(self.empty.with_suffix(".empty"), self.path)
            with db.engine.begin() as connection:
                for table in INVENTED:
                    table.__table__.drop(connection, checkfirst=True)
                    table.__table__.create(connection)
        return self.app
