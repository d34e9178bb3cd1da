"""A stock Flask-AppBuilder over the clinic's tables: what its own documentation makes of them."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelRestApi, ModelView
from flask_appbuilder.charts.views import GroupByChartView
from flask_appbuilder.models.group import aggregate_count
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.utils.legacy import get_sqla_class
from sqlalchemy import Table, create_engine
from sqlalchemy.orm import relationship

URL = os.environ["DATABASE_URL"]
engine = create_engine(URL)


def table(name: str) -> Table:
    return Table(name, Model.metadata, autoload_with=engine)


class Doctor(Model):
    __table__ = table("doctor")

    def __repr__(self) -> str:
        return str(self.name)


class Room(Model):
    __table__ = table("room")

    def __repr__(self) -> str:
        return str(self.name)


class VisitType(Model):
    __table__ = table("visit_type")

    def __repr__(self) -> str:
        return str(self.name)


class Patient(Model):
    __table__ = table("patient")
    records = relationship("MedicalRecord", back_populates="patient")

    def __repr__(self) -> str:
        return str(self.name)


class MedicalRecord(Model):
    __table__ = table("medical_record")
    patient = relationship("Patient", back_populates="records")
    doctor = relationship("Doctor")


class Appointment(Model):
    __table__ = table("appointment")
    patient = relationship("Patient")
    doctor = relationship("Doctor")
    room = relationship("Room")
    visit_type = relationship("VisitType")

    def month_year(self) -> str:
        return f"{self.appointment_datetime:%Y-%m}"


VISIT = [
    "appointment_id", "version", "appointment_datetime", "minutes_duration", "status", "arrived_at",
    "patient.name", "patient.dob", "patient.phone", "doctor.name", "room.name", "visit_type.name",
    "visit_type.colour",
]  # fmt: skip
WANTED = [
    "patient", "doctor", "room", "visit_type", "appointment_datetime", "minutes_duration", "status",
    "version",
]  # fmt: skip


class PatientApi(ModelRestApi):
    resource_name = "patient"
    allow_browser_login = True
    datamodel = SQLAInterface(Patient)
    list_columns = ["patient_id", "name", "record_number", "dob", "phone"]


class AppointmentApi(ModelRestApi):
    resource_name = "appointment"
    allow_browser_login = True
    datamodel = SQLAInterface(Appointment)
    list_columns = VISIT
    add_columns = WANTED
    max_page_size = -1


class RecordView(ModelView):
    datamodel = SQLAInterface(MedicalRecord)
    list_columns = ["visit_date", "status", "diagnosis", "doctor"]


class PatientView(ModelView):
    datamodel = SQLAInterface(Patient)
    list_columns = ["name", "record_number", "dob", "phone"]
    search_columns = ["name", "record_number", "dob", "phone"]
    show_columns = ["name", "record_number", "dob", "sex", "phone", "email"]
    related_views = [RecordView]


class AppointmentView(ModelView):
    datamodel = SQLAInterface(Appointment)
    list_columns = ["appointment_datetime", "patient", "doctor", "visit_type", "room", "status"]
    add_columns = WANTED


class AppointmentChart(GroupByChartView):
    datamodel = SQLAInterface(Appointment)
    definitions = [{"group": "month_year", "series": [(aggregate_count, "status")]}]


def create() -> Flask:
    """The WSGI application."""
    app = Flask(__name__)
    app.config |= {
        "SECRET_KEY": "only of the bench, and long enough",
        "SQLALCHEMY_DATABASE_URI": URL,
        "SQLALCHEMY_TRACK_MODIFICATIONS": False,
        "AUTH_ROLE_ADMIN": "admin",
    }
    db: Any = get_sqla_class()(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        for view in (PatientApi, AppointmentApi):
            builder.add_api(view)
        for name, view in {"Records": RecordView, "Patients": PatientView,
                           "Appointments": AppointmentView, "Chart": AppointmentChart}.items():  # fmt: skip
            builder.add_view(view, name, category="Clinic")
        app.add_url_rule("/bench/open", "open", lambda: "")
    return app


def prepare() -> None:
    """The permissions of the views, before two processes would add them at once."""
    create()
