"""What a text may hold: words and known variables; the rest is refused when it is saved."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.models import ClinicError, NotificationRule
from app.models.messages import message_defaults, wording

RULES = select(NotificationRule).options(selectinload(NotificationRule.templates))


@pytest.mark.parametrize(
    "source",
    [
        "{{ nmae }}", "{{ name", "{{ ''.__class__ }}", "{% for x in name %}{{ x }}{% endfor %}",
        "{{ name * 999999999 }}", "{{ range(10) }}", "{% include 'x' %}", "{{ name.upper() }}",
        "{{ name|attr('x') }}", "{% set x = 1 %}", "{{ diagnosis }}", "x" * 5000,
    ],
)  # fmt: skip
def test_a_text_that_could_fail_or_run_is_refused(source: str) -> None:
    with pytest.raises(ClinicError):
        wording.check("body", source, "reminder")


def test_a_subject_is_one_line_whatever_fills_it() -> None:
    with pytest.raises(ClinicError):
        wording.check("subject", "a\nBcc: b", "booked")
    assert wording.line("{{ name }}", {"name": "a\r\nBcc: b\u2028c\x0bd"}) == "a Bcc: b c d"


def test_words_and_conditions_are_taken() -> None:
    wording.check("body", "{{ name|upper }}{% if doctor %} with {{ doctor }}{% endif %}", "booked")


@pytest.mark.parametrize("language", wording.LANGUAGES)
@pytest.mark.parametrize("event", wording.VARIABLES)
def test_the_words_that_come_with_the_program_are_right(event: str, language: str) -> None:
    for field, source in wording.shipped(language)[event].items():
        wording.check(field, source, event)


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_a_language_has_a_word_for_everything_around_a_message(language: str) -> None:
    here, english = wording.shipped(language), wording.shipped("en")
    assert {part: set(words) for part, words in here.items()} == {
        part: set(words) for part, words in english.items()
    }


def test_a_language_that_is_new_to_a_clinic_gets_its_words(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_defaults, "LANGUAGES", ("en",))
    message_defaults.seed(session)
    own = NotificationRule(name="Bring your card", event="reminder", hours_before=48)
    session.add(own)
    monkeypatch.setattr(message_defaults, "LANGUAGES", ("en", "es"))
    message_defaults.seed(session)
    session.expire_all()
    spoken = [{text.language for text in rule.templates} for rule in session.scalars(RULES)]
    assert [said for said in spoken if said != {"en", "es"}] == [set()]
    session.rollback()
