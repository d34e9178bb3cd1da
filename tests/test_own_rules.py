"""A table refuses what no constraint of the database can, in a sentence, before it is written."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy.orm import make_transient_to_detached

from app.models import (
    Appointment,
    ChartRestriction,
    ClinicError,
    Entity,
    GlassBreak,
    NotificationRule,
    PortalAccess,
    VisitQuestion,
    WaitlistOffer,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def kept(row: Entity) -> Entity:
    """The row as if it came from the database."""
    make_transient_to_detached(row)
    return row


REFUSED = [
    (
        NotificationRule(event="booked", channels="email", quiet_from=time(22)),
        "Quiet hours have a beginning and an end",
    ),
    (PortalAccess(since=LATER, ended_at=NOW), "It ends after it began"),
    (
        kept(
            ChartRestriction(
                restriction_id=1, reason="One of our own staff", state="active", lifted_at=NOW
            )
        ),
        "Restrict the chart anew",
    ),
    (GlassBreak(review="justified", reviewed_at=NOW), "reviewed already"),
    (GlassBreak(review="open"), "Say whether it was justified"),
    (WaitlistOffer(state="declined", expires_at=LATER), "Only an open offer"),
    (WaitlistOffer(state="offered", expires_at=NOW), "Only an open offer"),
    (
        WaitlistOffer(
            state="offered", expires_at=LATER, appointment=Appointment(appointment_datetime=NOW)
        ),
        "The answer must come before the visit",
    ),
    (VisitQuestion(kind="choice", choices="Yes"), "two answers or more"),
]


@pytest.mark.parametrize(("row", "sentence"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_row_that_cannot_be_meant_is_refused(row: Entity, sentence: str) -> None:
    with pytest.raises(ClinicError, match=sentence):
        row.check(None, None, NOW)  # type: ignore[arg-type]
