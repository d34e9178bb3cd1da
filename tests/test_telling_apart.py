"""Two patients who are much alike and still two people: decided, kept, asked about, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.models import AuditEvent, Patient, PatientApart, PatientLink
from app.models.people import duplicates
from tests.cast import Cast
from tests.prescribing_steps import add
from tests.test_merging import finish, merge, raw, scalar

TWINS = {"reason": "Twins"}
APART = (
    "INSERT INTO patient_apart (patient_id, other_id, reason, decided_at)"
    " VALUES (:one, :two, 'because', '2026-01-01 00:00:00.000000')"
)
MERGED = (
    "INSERT INTO patient_link (patient_id, other_id, reason, moved, linked_at)"
    " VALUES (:one, :two, 'because', '{}', '2026-01-01 00:00:00.000000')"
)


@pytest.fixture
def twins(cast: Cast) -> tuple[int, int]:
    return _twins(cast)


@pytest.fixture
def sqlite_twins(sqlite_cast: Cast) -> tuple[int, int]:
    return _twins(sqlite_cast)


def _twins(cast: Cast) -> tuple[int, int]:
    born = date(2001, 2, 3)
    add(cast, Patient(name="Ana Vidal", dob=born), Patient(name="Anna Vidal", dob=born))
    keys = select(Patient.patient_id).where(Patient.dob == born).order_by(Patient.patient_id)
    with cast.app.app_context():
        one, two = db.session.scalars(keys)
        db.session.remove()
    return one, two


def tell_apart(client: FlaskClient, one: int, two: int, **more: Any) -> Any:
    return client.post(f"/duplicates/apart/{one}/{two}", data=TWINS | more)


def alike(cast: Cast) -> int:
    with cast.app.app_context():
        found = len(duplicates.pairs(db.session()))
        db.session.remove()
    return found


def events(cast: Cast) -> list[tuple[str, int]]:
    """What Rosa did to decisions, and under which patients that stands in the trail."""
    query = select(AuditEvent.action, AuditEvent.patient_id).where(
        AuditEvent.entity == "PatientApart",
        AuditEvent.agent == "rosa",
        AuditEvent.action.in_(("apart", "unapart")),
    )
    with cast.app.app_context():
        found = [tuple(row) for row in db.session.execute(query.order_by(AuditEvent.audit_id))]
        db.session.remove()
    return found


def test_a_pair_told_apart_leaves_the_list_until_it_is_taken_back(
    cast: Cast, twins: tuple[int, int]
) -> None:
    one, two = twins
    client = cast.client("rosa")
    assert alike(cast) == 1
    assert tell_apart(client, two, one).status_code == 302
    assert alike(cast) == 0
    page = client.get(f"/duplicates/?patient={two}").text
    assert "Told apart from" in page and "Twins" in page and "Rosa" in page
    assert client.post("/duplicates/apart/undo/1", data={"patient": two}).status_code == 302
    assert alike(cast) == 1
    assert events(cast) == [(act, who) for act in ("apart", "unapart") for who in twins]


def test_a_merge_of_two_told_apart_says_so_and_asks(
    sqlite_cast: Cast, sqlite_twins: tuple[int, int]
) -> None:
    one, two = sqlite_twins
    client = sqlite_cast.client("rosa")
    tell_apart(client, one, two)
    assert "Told apart as two people" in client.get(f"/duplicates/{one}/{two}").text
    refused = merge(client, one, two)
    assert refused.status_code == 409
    assert "These two were told apart." in refused.text
    assert "Registered twice" in refused.text  # what was typed
    said = {"reason": "The same after all", "after_all": "y"}
    assert client.post(f"/duplicates/{one}/{two}", data=said).status_code == 302
    assert scalar(sqlite_cast, select(PatientApart.withdrawn_at)) is not None
    client.post("/duplicates/undo/1", data={"reason": "Two, as was said"})
    standing = select(PatientApart.reason).where(PatientApart.withdrawn_at.is_(None))
    assert scalar(sqlite_cast, standing) == "Twins"
    assert events(sqlite_cast) == [
        (act, who) for act in ("apart", "unapart", "apart") for who in (one, two)
    ]


def test_a_decision_needs_a_reason_and_the_typed_text_is_kept(
    sqlite_cast: Cast, sqlite_twins: tuple[int, int]
) -> None:
    client = sqlite_cast.client("rosa")
    answer = tell_apart(client, *sqlite_twins, reason="x")
    assert answer.status_code == 422
    assert "Say why in a few words." in answer.text and 'value="x"' in answer.text
    assert tell_apart(client, sqlite_twins[0], sqlite_twins[0]).status_code == 409
    assert scalar(sqlite_cast, select(func.count()).select_from(PatientApart)) == 0


def test_the_database_holds_a_decision_against_merges_and_changes(
    cast: Cast, twins: tuple[int, int]
) -> None:
    one, two = twins
    pair, turned = {"one": one, "two": two}, {"one": two, "two": one}
    raw(cast, APART, **pair)
    for statement, values, name in (
        (APART, pair, "patient_apart_standing"),
        (APART, turned, "patient_apart_order"),
        (MERGED, turned, "patient_link_apart"),
        ("UPDATE patient_apart SET reason = 'another'", {}, "patient_apart_kept"),
        ("DELETE FROM patient_apart", {}, "patient_apart_kept"),
    ):
        with pytest.raises(DatabaseError, match=name):
            raw(cast, statement, **values)
    raw(cast, "UPDATE patient_apart SET withdrawn_at = '2026-01-02 00:00:00.000000'")
    with pytest.raises(DatabaseError, match="patient_apart_kept"):
        raw(cast, "UPDATE patient_apart SET withdrawn_at = NULL")
    raw(cast, MERGED, **turned)
    with pytest.raises(DatabaseError, match="patient_apart_merged"):
        raw(cast, APART, **pair)


def test_who_is_merged_into_a_third_stays_told_apart_and_has_it_back_when_parted(
    cast: Cast, twins: tuple[int, int]
) -> None:
    one, two = twins
    client = cast.client("rosa")
    add(cast, Patient(name="Ana Vidal", dob=date(2001, 2, 3)))
    third = scalar(cast, select(func.max(Patient.patient_id)))
    tell_apart(client, one, two)
    assert alike(cast) == 2  # either of them and the third
    assert merge(client, third, two).status_code == 302
    assert alike(cast) == 0
    assert "Told apart from" in client.get(f"/duplicates/?patient={third}").text
    assert "Told apart as two people" in client.get(f"/duplicates/{third}/{one}").text
    assert merge(client, third, one).status_code == 409
    with pytest.raises(DatabaseError, match="patient_link_apart"):
        raw(cast, MERGED, one=third, two=one)
    client.post("/duplicates/undo/1", data={"reason": "Not her"})
    assert alike(cast) == 2
    assert "Told apart from" not in client.get(f"/duplicates/?patient={third}").text
    assert "Told apart from" in client.get(f"/duplicates/?patient={two}").text


def test_the_database_tells_nobody_apart_who_are_both_merged_into_a_third(
    cast: Cast, twins: tuple[int, int]
) -> None:
    for twin in twins:
        raw(cast, MERGED, one=cast.quentin, two=twin)
    with pytest.raises(DatabaseError, match="patient_apart_merged"):
        raw(cast, APART, one=twins[0], two=twins[1])


def test_a_decision_made_again_by_hand_is_not_given_back_twice(
    sqlite_cast: Cast, sqlite_twins: tuple[int, int]
) -> None:
    one, two = sqlite_twins
    client, third = sqlite_cast.client("rosa"), sqlite_cast.quentin
    finish(sqlite_cast, sqlite_cast.record_of_eriksen)
    tell_apart(client, one, two)
    merge(client, third, two)
    client.post(f"/duplicates/{third}/{one}", data={"reason": "The same", "after_all": "y"})
    client.post("/duplicates/undo/1", data={"reason": "Not her"})
    raw(sqlite_cast, APART, one=one, two=two)
    client.post("/duplicates/undo/2", data={"reason": "Nor her"})
    assert scalar(sqlite_cast, select(func.count()).select_from(PatientLink)) == 2
    assert scalar(sqlite_cast, select(func.min(PatientLink.undone_reason))) == "Nor her"
    standing = PatientApart.withdrawn_at.is_(None)
    assert scalar(sqlite_cast, select(func.count()).where(standing)) == 1


def test_of_two_who_decide_at_once_one_is_told_so(cast: Cast, twins: tuple[int, int]) -> None:
    def decide(way: int) -> int:
        one, two = twins if way % 2 else reversed(twins)
        client = cast.client("rosa" if way % 2 else "amina")
        answer = merge(client, one, two) if way == 3 else tell_apart(client, one, two)
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(decide, range(4)))
    assert codes == [302, 409, 409, 409]
    decisions = select(func.count()).select_from(PatientApart)
    merges = select(func.count()).select_from(PatientLink)
    assert scalar(cast, decisions) + scalar(cast, merges) == 1


@pytest.mark.parametrize("who", ["diaz", "nora", "paula"])
def test_only_who_keeps_the_register_tells_apart(
    sqlite_cast: Cast, sqlite_twins: tuple[int, int], who: str
) -> None:
    client = sqlite_cast.client(who)
    assert tell_apart(client, *sqlite_twins).status_code in (403, 404)
    assert scalar(sqlite_cast, select(func.count()).select_from(PatientApart)) == 0
