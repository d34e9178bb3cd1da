"""A detail page shows the rows that lead to it, to who may list them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.extensions import db
from app.models import Appointment, DeclarationError, Room, VisitType
from app.views.generated import related
from tests.cast import Cast


def book(cast: Cast, count: int) -> None:
    """So many past visits of Paula's."""
    start = datetime(2026, 5, 5, 8, tzinfo=UTC)
    with cast.app.app_context():
        for day in range(count):
            db.session.add(
                Appointment(
                    patient_id=cast.paula, doctor_id=cast.diaz, status="fulfilled",
                    appointment_datetime=start + timedelta(days=day),
                )
            )  # fmt: skip
        db.session.commit()
        db.session.remove()


def page(cast: Cast, name: str, url: str) -> str:
    return cast.client(name).get(url).text


def test_a_patient_is_shown_with_their_visits(sqlite_cast: Cast) -> None:
    assert "4 May 2026 10:00" in page(sqlite_cast, "rosa", f"/patient/show/{sqlite_cast.paula}")


def test_the_visits_of_another_patient_are_not_among_them(sqlite_cast: Cast) -> None:
    assert "4 May 2026" not in page(sqlite_cast, "rosa", f"/patient/show/{sqlite_cast.quentin}")


def test_more_rows_than_a_card_holds_are_behind_its_link(sqlite_cast: Cast) -> None:
    book(sqlite_cast, related.MOST)
    shown = page(sqlite_cast, "rosa", f"/patient/show/{sqlite_cast.paula}")
    assert "4 May 2026" not in shown
    assert f"/appointment/list/?_flt_0_patient={sqlite_cast.paula}" in shown


def test_add_opens_the_form_with_the_row_picked(sqlite_cast: Cast) -> None:
    shown = page(sqlite_cast, "rosa", f"/patient/show/{sqlite_cast.paula}")
    assert f"/appointment/add?patient={sqlite_cast.paula}" in shown
    form = page(sqlite_cast, "rosa", f"/appointment/add?patient={sqlite_cast.paula}")
    assert 'value="Paula O’Connor"' in form


@pytest.mark.parametrize("asked", ["999", "x", "1" * 23, ""])
def test_add_picks_nothing_that_is_not_there(sqlite_cast: Cast, asked: str) -> None:
    answer = sqlite_cast.client("rosa").get(f"/appointment/add?patient={asked}")
    assert answer.status_code == 200
    assert "Paula" not in answer.text


def test_who_may_not_add_is_not_offered_to(sqlite_cast: Cast) -> None:
    shown = page(sqlite_cast, "nora", f"/patient/show/{sqlite_cast.paula}")
    assert "4 May 2026" in shown
    assert "/appointment/add" not in shown


def test_who_may_not_list_the_other_table_sees_no_card(sqlite_cast: Cast) -> None:
    view = sqlite_cast.app.extensions["appbuilder"].baseviews
    (patients,) = [v for v in view if type(v).__name__ == "PatientView"]
    (records,) = [v for v in view if type(v).__name__ == "MedicalRecordView"]
    kept, patients.related = patients.related, [related.Related(records, "patient")]
    try:
        url = f"/patient/show/{sqlite_cast.paula}"
        assert "Medical records</h2>" in page(sqlite_cast, "diaz", url)
        assert "Medical records</h2>" not in page(sqlite_cast, "rosa", url)
    finally:
        patients.related = kept


def test_a_card_costs_one_statement_however_many_rows_it_has(
    cast: Cast, statements: list[str]
) -> None:
    client = cast.client("rosa")
    costs = []
    for grow in (lambda: book(cast, 1), lambda: book_more(cast)):
        grow()
        statements.clear()
        client.get(f"/patient/show/{cast.paula}")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 8


def book_more(cast: Cast) -> None:
    with cast.app.app_context():
        db.session.add_all(
            Appointment(
                patient_id=cast.paula, doctor_id=cast.eriksen, status="fulfilled",
                appointment_datetime=datetime(2026, 6, day, 8, tzinfo=UTC),
            )
            for day in range(1, 5)
        )  # fmt: skip
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize("name", ["nowhere", "visit_type"])
def test_a_related_table_that_does_not_lead_here_stops_the_start(
    sqlite_cast: Cast, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = {type(v).__name__: v for v in sqlite_cast.app.extensions["appbuilder"].baseviews}
    monkeypatch.setattr(Room, "__screen__", replace(Room.__screen__, related=[name]))
    known = {Room: views["RoomView"], VisitType: views["VisitTypeView"]}
    with pytest.raises(DeclarationError, match=name):
        related.connect(known)
