"""What is not well in a clinic that runs: what waits for too long, and what is out of step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app.exchange import demo
from app.language import _, _n
from app.models import JobRun, Notification
from app.models.analytics import rollup
from app.models.messages.notification import INBOX, PENDING
from app.models.trail.trail_sealing import unsealed
from app.spelling import said, spelled
from app.upkeep import backups
from app.upkeep.counting import revision_of
from app.upkeep.restoring import head

Check = Callable[[Session, datetime], str | None]

OLDEST_BACKUP = timedelta(hours=26)
SEAL_LATE = timedelta(minutes=10)
STUCK = timedelta(minutes=15)
IDLE = timedelta(minutes=10)


def migrations(session: Session, _now: datetime) -> str | None:
    """The database is at the newest migration."""
    at = revision_of(session.connection())
    if at != head():
        return _(
            "The database is at migration %(at)s, not %(head)s: run “flask clinic init”.",
            at=at or _("none"),
            head=head(),
        )
    return None


def demo_passwords(session: Session, _now: datetime) -> str | None:
    """No login opens with the password of the demo, which everybody knows."""
    users = session.scalars(select(User).where(User.username.in_(demo.USERNAMES), User.active))
    known = [u.username for u in users if check_password_hash(u.password or "", demo.PASSWORD)]
    if known:
        return _(
            "The demo's password still opens: %(names)s. Everyone knows it.",
            names=", ".join(sorted(known)),
        )
    return None


def backup(_session: Session, now: datetime) -> str | None:
    """The newest backup is not too old."""
    folder = current_app.config["CLINIC_BACKUPS"]
    newest = backups.newest_in(folder)
    if newest is None:
        return _(
            "There is no backup in %(folder)s. “flask clinic backup” makes one.", folder=folder
        )
    if (age := now - newest.moment) > OLDEST_BACKUP:
        hours = round(age.total_seconds() / 3600)
        return _n(
            "The newest backup is %(num)s hour old.",
            "The newest backup is %(num)s hours old.",
            hours,
        )
    return None


def seals(session: Session, now: datetime) -> str | None:
    """The audit trail is sealed up to now."""
    waiting = unsealed(session, now, most=1)
    if waiting and now - waiting[0].recorded > SEAL_LATE:
        return _(
            "The audit trail has not been sealed since %(moment)s: no worker runs, or it cannot "
            "write to CLINIC_SEALS.",
            moment=_moment(waiting[0].recorded),
        )
    return None


def worker(session: Session, now: datetime) -> str | None:
    """A worker has run of late."""
    last = session.scalar(select(func.max(JobRun.began)))
    if last is None:
        return _("No worker has run yet: start “flask clinic worker”.")
    if now - last > IDLE:
        return _(
            "No job has run since %(moment)s: is “flask clinic worker” running?",
            moment=_moment(last),
        )
    return None


def jobs(session: Session, _now: datetime) -> str | None:
    """The last run of each job went well."""
    failed = session.scalars(
        select(JobRun).where(JobRun.failure.is_not(None)).order_by(JobRun.name)
    )
    names = ", ".join(f"“{said(run.name)}” ({run.failure})" for run in failed)
    return _("The last run failed of %(jobs)s; the log says why.", jobs=names) if names else None


def outbox(session: Session, now: datetime) -> str | None:
    """No message waits that should have gone."""
    late = Notification.state.in_(PENDING) & (Notification.not_before < now - STUCK)
    count = session.scalar(
        select(func.count()).select_from(Notification).where(late, Notification.channel != INBOX)
    )
    if count:
        return _n(
            "%(num)s message should have gone out more than 15 minutes ago.",
            "%(num)s messages should have gone out more than 15 minutes ago.",
            count,
        )
    return None


def dead_letters(session: Session, _now: datetime) -> str | None:
    """No message was given up."""
    query = select(func.count()).select_from(Notification).where(Notification.state == "dead")
    if count := session.scalar(query):
        return _n(
            "%(num)s message was given up: see the reason under Operations, Dead letters.",
            "%(num)s messages were given up: see the reasons under Operations, Dead letters.",
            count,
        )
    return None


def figures(session: Session, _now: datetime) -> str | None:
    """Computes everything anew, which takes its time."""
    if rollup.pending(session):
        return None
    return " ".join(rollup.rollup_differences(session)) or None


def _moment(moment: datetime) -> str:
    return f"{spelled(moment, 'd MMM y, HH:mm')} UTC"
