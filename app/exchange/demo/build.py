"""Builds the demo clinic, or finds it there."""

from __future__ import annotations

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from app.exchange.demo.clinic import Construction
from app.exchange.demo.counts import Counts
from app.exchange.demo.logins import refuse_taken
from app.exchange.demo.rota import Clock
from app.models import ClinicError, Patient

FEWEST = 100


def build(
    session: Session, *, patients: int = 500, years: int = 2, now: datetime, zone: ZoneInfo
) -> Counts:
    """Fill the database with a demo clinic as it stands at `now`, an aware time; the clinic's
    clock shows the time of `zone`. `years` of visits lie behind it, four weeks ahead.

    The same arguments give the same clinic. Where the demo is there already, nothing changes.
    Adds to the caller's transaction and does not commit. Raises ClinicError where patients are
    that are not of the demo, or one of its logins is taken; ValueError for a naive `now` and
    for numbers too small for a clinic.
    """
    if now.tzinfo is None or patients < FEWEST or years < 1:
        raise ValueError(f"A demo clinic needs an aware now, {FEWEST} patients, and a year.")
    if session.get_bind().dialect.name == "postgresql":
        # two builds at once: the second waits here, and finds the first one's clinic
        session.execute(text("LOCK TABLE patient IN SHARE ROW EXCLUSIVE MODE"))
    if is_there(session):
        return Counts(already=True)
    _refuse_real_patients(session)
    refuse_taken(session)
    clock = Clock(now, zone)
    rng = Random(f"{patients} {years} {clock.today}")
    counts = Construction(session, clock, rng, patients, years).build()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE"))  # its planner takes the tables for empty else
    return counts


def is_there(session: Session) -> bool:
    """Whether the demo clinic is in the database."""
    query = select(Patient.patient_id).where(Patient.identifier.like("demo:%")).limit(1)
    return session.scalar(query) is not None


def _refuse_real_patients(session: Session) -> None:
    real = select(func.count()).where(
        or_(Patient.identifier.is_(None), Patient.identifier.not_like("demo:%"))
    )
    if count := session.scalar(real):
        raise ClinicError(
            f"There are patients here already ({count}). The demo clinic goes into an empty "
            "database only, so that nobody takes its made-up patients for real ones."
        )
