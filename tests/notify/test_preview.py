"""The admin sees each text as a patient would read it, and can do nothing by looking."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Appointment, AuditEvent, Notification, NotificationTemplate
from app.models.messages import message_defaults
from tests.cast import Cast


@pytest.fixture
def texts(sqlite_cast: Cast) -> dict[str, int]:
    """The English texts of a new clinic, by what they are about."""
    with sqlite_cast.app.app_context():
        message_defaults.seed(db.session())
        db.session.commit()
        rows = db.session.scalars(
            select(NotificationTemplate).where(NotificationTemplate.language == "en")
        )
        found = {row.rule.event: row.notification_template_id for row in rows}
        db.session.remove()
    return found


def test_every_text_that_comes_with_the_program_has_a_preview(
    sqlite_cast: Cast, texts: dict[str, int]
) -> None:
    client = sqlite_cast.client("amina")
    answers = [client.get(f"/notification_template/preview/{key}") for key in texts.values()]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("/visit/confirm/" in answer.text for answer in answers)


def test_a_preview_speaks_of_the_visit_that_was_chosen_and_leaves_a_trace(
    sqlite_cast: Cast, texts: dict[str, int]
) -> None:
    page = sqlite_cast.client("amina").get(
        f"/notification_template/preview/{texts['moved']}?visit={sqlite_cast.visit}"
    )
    assert "Monday, 4 May 2026 at 10:00 with Dr. Díaz" in page.text
    assert "Paula" in page.text
    with sqlite_cast.app.app_context():
        seen = db.session.scalars(select(AuditEvent).where(AuditEvent.entity == "Appointment"))
        assert [event.patient_id for event in seen] == [sqlite_cast.paula]
        assert db.session.query(Notification).count() == 0
        assert db.session.get_one(Appointment, sqlite_cast.visit).version == 1


def typed(cast: Cast, texts: dict[str, int], **words: str) -> TestResponse:
    """What is shown while the words of the notice of a move are typed."""
    with cast.app.app_context():
        text = db.session.get_one(NotificationTemplate, texts["moved"])
        form = {"rule": str(text.notification_rule_id), "language": "en", "subject": text.subject}
        form |= {"body": text.body, "sms": text.sms}
    return cast.client("amina").post("/notification_template/typed", data=form | words)


def test_words_are_shown_with_a_real_visit_while_they_are_typed(
    sqlite_cast: Cast, texts: dict[str, int]
) -> None:
    words = {"body": "Hello {{ name }}: {{ when }}.", "visit": str(sqlite_cast.visit)}
    answer = typed(sqlite_cast, texts, **words)
    assert answer.status_code == 200
    assert "Hello Paula" in answer.text
    assert "Monday, 4 May 2026 at 10:00 with Dr. Díaz." in answer.text
    with sqlite_cast.app.app_context():
        kept = db.session.get_one(NotificationTemplate, texts["moved"])
        assert (kept.version, "Hello" in kept.body) == (1, False)
        assert db.session.query(NotificationTemplate).filter_by(body=words["body"]).count() == 0


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ({"body": "{{ diagnosis }}"}, 422, "diagnosis"),
        ({"subject": "{% for x in y %}{% endfor %}"}, 422, "nothing else"),
        ({"rule": ""}, 422, "Choose the rule"),
        ({"rule": "999"}, 404, ""),
        ({"language": "xx"}, 422, "Choose the language"),
        ({"visit": "999"}, 404, ""),
    ],
)
def test_words_that_would_not_be_saved_are_refused_while_they_are_typed(
    sqlite_cast: Cast, texts: dict[str, int], words: dict[str, str], status: int, sentence: str
) -> None:
    answer = typed(sqlite_cast, texts, **words)
    assert answer.status_code == status
    assert sentence in answer.text
    assert "by-mail" not in answer.text


def test_a_preview_with_a_visit_that_is_not_there_is_not_found(
    sqlite_cast: Cast, texts: dict[str, int]
) -> None:
    answer = sqlite_cast.client("amina").get(
        f"/notification_template/preview/{texts['booked']}?visit=999"
    )
    assert answer.status_code == 404
