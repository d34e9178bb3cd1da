"""The people of the tests.

- Amina, the admin, manages the clinic and must never see a clinical text.
- Dr. Diaz and Dr. Eriksen, doctors; one must never write in the other's records.
- Nora, the nurse, must never sign or prescribe.
- Rosa, at the reception, must never see a record.
- Paula and Quentin, patients with logins; neither must ever see the other, nor any grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.models import Appointment, Doctor, MedicalRecord, Patient, Role, Room, Staff, VisitType
from app.models.people import login_session

SOON = datetime.now(UTC).date() + timedelta(days=30)
PASSWORD = "correct horse battery"
_HASH = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")

PEOPLE = {
    "amina": ("Amina", "Haddad", Role.ADMIN),
    "diaz": ("Dolores", "Díaz", Role.DOCTOR),
    "eriksen": ("Erik", "Eriksen", Role.DOCTOR),
    "nora": ("Nora", "Novak", Role.NURSE),
    "rosa": ("Rosa", "Ricci", Role.RECEPTIONIST),
    "paula": ("Paula", "O’Connor", Role.PATIENT),
    "quentin": ("Quentin", "Quist", Role.PATIENT),
}

ONE_OF = {
    Role.ADMIN: "amina",
    Role.DOCTOR: "diaz",
    Role.NURSE: "nora",
    Role.RECEPTIONIST: "rosa",
    Role.PATIENT: "paula",
}


@dataclass
class Cast:
    """Keys of the rows that the tests speak of; people sign in by name."""

    app: Flask
    users: dict[str, int]
    paula: int = 0
    quentin: int = 0
    diaz: int = 0
    eriksen: int = 0
    room: int = 0
    visit_type: int = 0
    visit: int = 0
    record_of_diaz: int = 0
    record_of_eriksen: int = 0
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, app: Flask) -> Cast:
        with app.app_context():
            cast = cls(app, _users())
            cast._people()
            cast._clinic()
            cast.secrets = {name: _sign_in(key) for name, key in cast.users.items()}
            db.session.commit()
            db.session.remove()
        return cast

    def client(self, name: str) -> FlaskClient:
        """A browser in which this person is signed in; `anonymous` is nobody."""
        client = self.app.test_client()
        if name != "anonymous":
            with client.session_transaction() as cookie:
                secret = self.secrets.get(name) or self.session_of(self.users[name])
                cookie["_user_id"], cookie["_fresh"] = secret, True
        return client

    def session_of(self, user_id: int) -> str:
        """One more session of this login, begun just now: the secret that its cookie holds."""
        with self.app.app_context():
            secret = _sign_in(user_id)
            db.session.commit()
            db.session.remove()
        return secret

    def token(self, name: str) -> dict[str, str]:
        """The header of a program that acts for this person."""
        login = {"username": name, "password": PASSWORD}
        answer = self.app.test_client().post("/api/v1/security/login", json=login)
        return {"Authorization": f"Bearer {answer.json['access_token']}"}

    def _people(self) -> None:
        users = self.users
        diaz = Staff(name="Dr. Díaz", role="doctor", user_id=users["diaz"])
        eriksen = Staff(name="Dr. Eriksen", role="doctor", user_id=users["eriksen"])
        nora = Staff(name="Nora Novak", role="nurse", user_id=users["nora"])
        rosa = Staff(name="Rosa Ricci", role="receptionist", user_id=users["rosa"])
        doctors = [
            Doctor(name="Dr. Díaz", specialization="General practice", staff=diaz),
            Doctor(name="Dr. Eriksen", specialization="Cardiology", staff=eriksen),
        ]
        patients = [
            _patient("Paula O’Connor", date(1980, 2, 29), users["paula"]),
            _patient("Quentin Quist", date(1955, 12, 31), users["quentin"]),
        ]
        db.session.add_all([nora, rosa, *doctors, *patients])
        db.session.flush()
        self.diaz, self.eriksen = (doctor.doctor_id for doctor in doctors)
        self.paula, self.quentin = (patient.patient_id for patient in patients)

    def _clinic(self) -> None:
        room = Room(name="Room 1", room_type="exam")
        kind = VisitType(name="Consultation", minutes=30)
        visit = Appointment(
            patient_id=self.paula,
            doctor_id=self.diaz,
            appointment_datetime=datetime(2026, 5, 4, 8, 0, tzinfo=UTC),
        )
        records = [
            _record(self.paula, self.diaz, "Paula’s secret diagnosis"),
            _record(self.quentin, self.eriksen, "Quentin’s secret diagnosis"),
        ]
        db.session.add_all([room, kind, visit, *records])
        db.session.flush()
        self.room, self.visit_type, self.visit = (
            room.room_id, kind.visit_type_id, visit.appointment_id,
        )  # fmt: skip
        self.record_of_diaz, self.record_of_eriksen = (row.record_id for row in records)


def _sign_in(user_id: int) -> str:
    now, longest = datetime.now(UTC), timedelta(hours=8)
    return login_session.start(db.session(), user_id, "browser", now, longest, address="127.0.0.1")[
        1
    ]


def _users() -> dict[str, int]:
    roles = {row.name: row for row in db.session.scalars(select(RoleRow))}
    made: dict[str, Any] = {}
    for username, (first, last, role) in PEOPLE.items():
        email = f"{username}@example.org"
        user = User(
            username=username, first_name=first, last_name=last, email=email, active=True,
            password=_HASH,
        )  # fmt: skip
        user.roles = [roles[role.value]]
        db.session.add(user)
        made[username] = user
    db.session.flush()
    return {name: user.id for name, user in made.items()}


def _patient(name: str, dob: date, user_id: int) -> Patient:
    return Patient(
        name=name, dob=dob, user_id=user_id, phone="555-0100", insurance_details=f"Policy of {name}"
    )


def _record(patient_id: int, doctor_id: int, diagnosis: str) -> MedicalRecord:
    return MedicalRecord(
        patient_id=patient_id, doctor_id=doctor_id, diagnosis=diagnosis, visit_date=date(2026, 5, 4)
    )
