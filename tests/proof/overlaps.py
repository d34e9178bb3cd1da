"""Whether anybody is in two active visits at once, asked of the database itself."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from app.extensions import db

OVERLAPS = """
SELECT count(*) FROM appointment a JOIN appointment b
ON a.{who}_id = b.{who}_id AND a.appointment_id < b.appointment_id
WHERE a.status IN ('pending', 'booked', 'arrived', 'checked-in', 'in-room')
  AND b.status IN ('pending', 'booked', 'arrived', 'checked-in', 'in-room')
  AND {a_start} < {b_start} + b.minutes_duration * {minute}
  AND {b_start} < {a_start} + a.minutes_duration * {minute}
"""


def overlaps(app: Flask) -> dict[str, int]:
    """Pairs of active visits that share a time, by whom or what they share."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            words = {"minute": "60", "a_start": "unixepoch(a.appointment_datetime)"}
            words["b_start"] = "unixepoch(b.appointment_datetime)"
        else:
            words = {"minute": "interval '1 minute'", "a_start": "a.appointment_datetime"}
            words["b_start"] = "b.appointment_datetime"
        found = {
            who: db.session.scalar(text(OVERLAPS.format(who=who, **words)))
            for who in ("doctor", "room", "patient")
        }
        db.session.remove()
    return found
