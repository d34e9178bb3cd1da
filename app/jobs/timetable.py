"""What the clinic does by itself, and how often. Each job is idempotent and safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import claiming, delivery
from app.models.analytics import access, rollup, speed
from app.models.base import guesses
from app.models.messages import digest, lateness_notices, reminders
from app.models.people import login_session
from app.models.trail import trail_sealing
from app.models.visits import holds, noshow, offering
from app.upkeep import backups

Job = Callable[[Session, datetime], int]
"""Does what is due at a moment and answers how many rows it was; the worker commits."""

TIMETABLE: list[tuple[str, int, Job]] = [
    # name, every … seconds, what
    ("deliver messages", 2, delivery.drain),
    ("give back messages", 10, claiming.give_back),
    ("plan reminders", 60, reminders.plan_missing),
    ("expire holds", 30, holds.expire),
    ("expire waitlist offers", 30, offering.expire),
    ("tell who waits", 60, lateness_notices.tell),
    ("mark no-shows", 300, noshow.mark_no_shows),
    ("seal the audit trail", 60, trail_sealing.seal_trail),
    ("forget old sessions", 3600, login_session.forget),
    ("forget old guesses", 3600, guesses.forget),
    ("forget old response times", 86400, speed.forget),
    ("keep figures", 30, rollup.refresh),
    ("plan the weekly digest", 600, digest.send),
    ("measure access", 3600, access.measure),
    ("back up", 600, backups.back_up_when_due),
]
