"""A stock Flask-Admin over the clinic's tables."""

from __future__ import annotations

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from sqlalchemy import Table, create_engine
from sqlalchemy.orm import DeclarativeBase, relationship, scoped_session, sessionmaker

engine = create_engine(os.environ["DATABASE_URL"])


class Base(DeclarativeBase):
    pass


def table(name: str) -> Table:
    return Table(name, Base.metadata, autoload_with=engine)


class Doctor(Base):
    __table__ = table("doctor")

    def __str__(self) -> str:
        return str(self.name)


class Room(Base):
    __table__ = table("room")

    def __str__(self) -> str:
        return str(self.name)


class VisitType(Base):
    __table__ = table("visit_type")

    def __str__(self) -> str:
        return str(self.name)


class Patient(Base):
    __table__ = table("patient")
    records = relationship("MedicalRecord")

    def __str__(self) -> str:
        return str(self.name)


class MedicalRecord(Base):
    __table__ = table("medical_record")

    def __str__(self) -> str:
        return f"{self.visit_date} {self.status}"


class Appointment(Base):
    __table__ = table("appointment")
    patient = relationship("Patient")
    doctor = relationship("Doctor")
    room = relationship("Room")
    visit_type = relationship("VisitType")


class PatientView(ModelView):
    can_view_details = True
    column_list = ["name", "record_number", "dob", "phone"]
    column_searchable_list = ["name"]
    column_details_list = ["name", "record_number", "dob", "sex", "phone", "email", "records"]


class AppointmentView(ModelView):
    named_filter_urls = True
    page_size = 5_000
    column_list = ["appointment_datetime", "patient", "doctor", "visit_type", "room", "status"]
    column_filters = ["appointment_datetime", "doctor_id"]
    form_columns = [
        "patient", "doctor", "room", "visit_type", "appointment_datetime", "minutes_duration",
        "status", "version",
    ]  # fmt: skip


def create() -> Flask:
    """The WSGI application."""
    app = Flask(__name__)
    app.secret_key = "only of the bench, and long enough"
    session = scoped_session(sessionmaker(engine))
    app.teardown_appcontext(lambda _error: session.remove())
    Babel(app)  # it is installed, so Flask-Admin asks for it
    admin = Admin(app)
    admin.add_view(PatientView(Patient, session))
    admin.add_view(AppointmentView(Appointment, session))
    app.add_url_rule("/bench/open", "open", lambda: "")
    return app


def prepare() -> None:
    """It has nothing of its own in the database."""
    create()
