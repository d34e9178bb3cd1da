"""What a text may hold: words and known variables; the rest is refused when it is saved."""

from __future__ import annotations

import pytest

from app.models import ClinicError
from app.models.messages import wording


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
