"""What the clinic does by itself, and how often. Each job is idempotent and safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import claiming, delivery
from app.language import _k
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
    (_k("deliver messages"), 2, delivery.drain),
    (_k("give back messages"), 10, claiming.give_back),
    (_k("plan reminders"), 60, reminders.plan_missing),
    (_k("expire holds"), 30, holds.expire),
    (_k("expire waitlist offers"), 30, offering.expire),
    (_k("tell who waits"), 60, lateness_notices.tell),
    (_k("mark no-shows"), 300, noshow.mark_no_shows),
    (_k("seal the audit trail"), 60, trail_sealing.seal_trail),
    (_k("forget old sessions"), 3600, login_session.forget),
    (_k("forget old guesses"), 3600, guesses.forget),
    (_k("forget old response times"), 86400, speed.forget),
    (_k("keep figures"), 30, rollup.refresh),
    (_k("plan the weekly digest"), 600, digest.send),
    (_k("measure access"), 3600, access.measure),
    (_k("back up"), 600, backups.back_up_when_due),
]
