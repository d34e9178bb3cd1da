"""`strings clinic.db`: what is written of a patient, whichever way it came, is not in the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.exchange import import_paths
from app.exchange.fhir_out import bundle_of
from app.extensions import db
from app.models import Appointment, ChartRestriction, Patient, VisitQuestion
from tests.cast import Cast
from tests.exchange import bundles as b
from tests.note_steps import amend, begun, note, save, sign
from tests.prescribing_steps import add, order, overridden, prescribe, requests

COUNTED = iter(range(10**6))


class Said:
    """Sentences of which each is found again, and the way that each went."""

    def __init__(self) -> None:
        self.by_way: dict[str, str] = {}

    def __call__(self, way: str) -> str:
        self.by_way[way] = f"Zyx{next(COUNTED):04d}wvu told of {way}"
        return self.by_way[way]

    def found_in(self, kept: bytes) -> list[str]:
        """The ways whose words stand in the bytes, in any of the usual spellings."""
        return [
            way
            for way, sentence in self.by_way.items()
            for mark in [sentence.split()[0]]
            if mark.encode() in kept or mark.encode("utf-16-le") in kept
        ]


def notes(cast: Cast, said: Said) -> None:
    doctor, nurse = cast.client("diaz"), cast.client("nora")
    url = note(cast)
    assert save(doctor, url, 1, notes=said("autosave")).status_code == 200
    assert save(nurse, url, 1, notes=said("a refused autosave")).status_code in (403, 412)
    texts = {name: said(f"signed {name}") for name in ("notes", "diagnosis", "treatment")}
    assert sign(doctor, url, 2, **texts).status_code == 302
    change = {"reason": said("amendment reason"), "notes": said("amendment")}
    assert amend(doctor, url, **change).status_code == 302
    again = note(cast, begun(cast, doctor))
    assert save(doctor, again, 1, notes=said("draft")).status_code == 200
    doctor.get(f"/chart/{cast.paula}?q={said('search of the chart').split()[0]}")


def statements(cast: Cast, said: Said) -> None:
    doctor, base = cast.client("diaz"), f"/chart/{cast.paula}"
    allergy = {"display": "Penicillin", "category": "medication", "clinical_status": "active"}
    reaction = allergy | {"reaction": said("reaction")}
    assert doctor.post(f"{base}/allergy/new", data=reaction).status_code == 302
    form = order(instructions=said("instructions"))
    page = prescribe(doctor, cast.paula, form).text
    answers = overridden(page, comment=said("override comment"))
    assert prescribe(doctor, cast.paula, form | answers).status_code == 302
    key = requests(cast)[0].medication_request_id
    end = {"reason": "sintol", "note": said("stop note")}
    assert doctor.post(f"{base}/prescription/{key}/stop", data=end).status_code == 302
    file = {"file": (BytesIO(said("file").encode()), said("filename") + ".txt")}
    answer = doctor.post(f"{base}/files", data=file | {"title": said("file title")})
    assert answer.status_code == 302
    why = {"why": said("withdrawn why")}
    assert doctor.post(f"{base}/files/1/withdraw", data=why).status_code == 302
    finding = {"patient_id": cast.paula, "display": "Finding", "value_text": said("finding")}
    made = doctor.post("/api/v1/observation/", json=finding)
    assert made.status_code == 201
    doctor.put(
        f"/api/v1/observation/{made.json['id']}", json={"value_text": said("edited finding")}
    )


def searches(cast: Cast, said: Said) -> None:
    doctor = cast.client("diaz")
    for page in ("list/", "export", "pick"):
        words = said(f"search of {page}").split()[0]
        assert doctor.get(f"/condition/{page}?q={words}").status_code == 200
    doctor.get(f"/condition/list/?_flt_0_display={said('filter').split()[0]}")
    filters = f"(filters:!((col:display,opr:eq,value:{said('API filter').split()[0]})))"
    doctor.get(f"/api/v1/condition/?q={filters}")


def visits(cast: Cast, said: Said) -> None:
    desk = cast.client("rosa")
    body = {
        "patient_id": cast.paula, "doctor_id": cast.eriksen, "visit_type_id": cast.visit_type,
        "appointment_datetime": "2030-05-06T08:00:00Z", "reason": said("visit reason"),
        "override_reason": "Asked for it",
    }  # fmt: skip
    key = {"Idempotency-Key": "once"}
    made = desk.post("/api/v1/appointment/", json=body, headers=key)
    assert made.status_code == 201
    assert desk.post("/api/v1/appointment/", json=body, headers=key).json == made.json
    change = {"status": "cancelled", "reason": said("reason of a change")}
    url = f"/api/v1/appointment/{made.json['id']}/status"
    assert desk.post(url, json=change).status_code == 200


def portal(cast: Cast, said: Said) -> None:
    patient, doctor = cast.client("paula"), cast.client("diaz")
    wish = {"wish": said("correction wish")}
    assert (
        patient.post(f"/portal/record/visit/{cast.record_of_diaz}/correct", data=wish).status_code
        == 302
    )
    answer = {"state": "declined", "answer": said("answer to a correction"), "version": 1}
    assert doctor.post("/correction_request/edit/1", data=answer).status_code == 302
    told = {"kind": "allergy", "display": "Latex", "detail": said("patient report")}
    assert patient.post("/portal/record/report", data=told).status_code == 302
    add(cast, VisitQuestion(question="What hurts?", position=1))
    start = datetime.now(UTC) + timedelta(days=2)
    visit = Appointment(
        patient_id=cast.paula, doctor_id=cast.diaz, visit_type_id=cast.visit_type,
        appointment_datetime=start, status="booked",
    )  # fmt: skip
    add(cast, visit)
    with cast.app.app_context():
        key = db.session.scalar(select(Appointment.appointment_id).order_by(
            Appointment.appointment_id.desc()).limit(1))  # fmt: skip
    answer = patient.post(f"/portal/visit/{key}/form", data={"q1": said("visit answer")})
    assert answer.status_code == 302


def glass(cast: Cast, said: Said) -> None:
    now = datetime.now(UTC)
    add(cast, ChartRestriction(patient_id=cast.paula, reason=said("restriction"), set_at=now))
    form = {"reason": said("glass"), "minutes": "15"}
    assert cast.client("nora").post(f"/chart/{cast.paula}/break", data=form).status_code == 302
    review = {"review": "justified", "review_note": said("review"), "version": 1}
    assert cast.client("amina").post("/glass_break/edit/1", data=review).status_code == 302


def imports(cast: Cast, said: Said, folder: Path) -> None:
    words = {"code": b.concept("http://loinc.org", "1", "Part"), "valueString": said("component")}
    bundle = b.visit(
        b.observation("o1", valueString=said("imported finding")),
        b.observation("o2", component=[words]),
    )
    bundle["entry"][2]["resource"]["reasonCode"] = [{"text": said("imported reason")}]
    path = b.write(folder, "in.json", bundle)
    with cast.app.app_context():
        assert import_paths(db.session(), [path]).failed == []


def kept(cast: Cast) -> bytes:
    """The bytes of the database with its write-ahead log, and of the rest of its folder."""
    with cast.app.app_context():
        db.session.remove()
        path = Path(str(db.engine.url.database))
    return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))


def records(cast: Cast) -> Iterator[Any]:
    with cast.app.app_context():
        for patient in db.session.scalars(select(Patient).order_by(Patient.patient_id)):
            yield bundle_of(db.session(), patient, shared_only=False, now=b.NOW)["entry"]


def test_no_sentence_about_a_patient_is_in_the_file(sqlite_cast: Cast, tmp_path: Path) -> None:
    cast, said = sqlite_cast, Said()
    notes(cast, said)
    statements(cast, said)
    searches(cast, said)
    visits(cast, said)
    portal(cast, said)
    glass(cast, said)
    imports(cast, said, tmp_path)
    bytes_of_it = kept(cast)
    assert b"Penicillin" in bytes_of_it  # coded data and its names are kept in clear
    assert said.found_in(bytes_of_it) == []
    assert len(said.by_way) > 30

    before = list(records(cast))
    assert any("imported finding" in str(one) for one in before)
    answer = cast.app.test_cli_runner().invoke(args=["clinic", "rotate-keys"])
    assert answer.exit_code == 0, answer.output
    assert list(records(cast)) == before
