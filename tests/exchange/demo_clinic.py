"""What the tests of the demo clinic share."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.models import Appointment

ZONE = ZoneInfo("Europe/Madrid")
SMALL = {"patients": 150, "years": 1, "zone": ZONE}

MONDAY_MORNING = datetime(2026, 3, 16, 9, 40, tzinfo=UTC)
SUNDAY = datetime(2026, 6, 21, 15, 5, tzinfo=UTC)
THREE_AT_NIGHT = datetime(2026, 9, 9, 1, 0, tzinfo=UTC)
CLOCK_GOES_FORWARD = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
CLOCK_GOES_BACK = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)


def appointments(session):
    """All of them, by time."""
    return session.scalars(
        select(Appointment).order_by(Appointment.appointment_datetime, Appointment.appointment_id)
    ).all()
