"""Whatever the OpenAPI document of a role allows, and what it does not: no answer is a 5xx."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from app.models import Role
from tests.cast import ONE_OF, Cast

pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"),
]

EXAMPLES = int(os.environ.get("CLINIC_EXAMPLES", "8"))
ENDS_THE_SESSION = ("/security/",)
LEAST_ANSWERED = 20


def operations(cast: Cast, reader: str) -> Iterator[Any]:
    """Every operation that this person's document names."""
    token = cast.token(reader)
    schema = schemathesis.openapi.from_wsgi("/api/v1/_openapi", cast.app, headers=token)
    for found in schema.get_all_operations():
        operation = found.ok()
        if not any(part in operation.path for part in ENDS_THE_SESSION):
            yield operation


def ask(operation: Any, mode: GenerationMode, token: dict[str, str]) -> Counter[int]:
    """Send some requests that fit the document, or that do not; answers how often which status."""
    seen: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        answer = case.call(headers=token)
        seen[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.text[:300]}"

    try:
        send()
    except (schemathesis.errors.SchemathesisError, Unsatisfiable):
        if mode is not GenerationMode.NEGATIVE:  # what takes nothing takes nothing wrong
            raise
    return seen


@pytest.mark.parametrize("role", sorted(Role))
def test_no_request_that_can_be_made_is_answered_by_5xx(sqlite_cast: Cast, role: Role) -> None:
    person = ONE_OF[role]
    token = sqlite_cast.token(person)
    seen: Counter[int] = Counter()
    wrong: list[str] = []
    for operation in operations(sqlite_cast, "amina" if role is Role.PATIENT else person):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                seen += ask(operation, mode, token)
            except AssertionError as error:
                wrong.append(f"{operation.method} {operation.path}: {error}")
    assert wrong == []
    if role is Role.PATIENT:  # the document is for those who work here, and so is what it names
        assert not {200, 201} & set(seen)
    else:
        assert seen[200] > LEAST_ANSWERED
        assert seen[401] == 0
