"""How long to wait after a failure, and when to give up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from app.models.messages.notification import Notification

FIRST, LONGEST = timedelta(seconds=15), timedelta(hours=1)
MOST_ATTEMPTS = 12
"""By then about six hours have passed."""


def pause(attempts: int) -> timedelta:
    """Twice as long after each attempt, up to an hour, and a random part of it more or less, so
    that what failed together does not come back together."""
    longest: timedelta = min(FIRST * 2 ** min(max(attempts - 1, 0), 20), LONGEST)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311


def failed(row: Notification, why: str, now: datetime) -> dict[str, object]:
    """To be tried again, or given up where it was tried often enough or would come too late."""
    again = now + pause(row.attempts)
    if row.attempts >= MOST_ATTEMPTS or (row.expires is not None and again >= row.expires):
        return dead(why)
    return {"state": "failed", "reason": why[:300], "not_before": again}


def dead(why: str) -> dict[str, object]:
    """The columns of a message that is given up, with the reason in at most 300 characters."""
    return {"state": "dead", "reason": why[:300]}
