"""How the system itself is used: sign-ins, what was opened and written, by role, and how long its
answers took."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.language import _, _l
from app.models.analytics import speed
from app.models.analytics.figure import Column, Figure, Total, Value
from app.models.analytics.people import instants
from app.models.analytics.scope import Asked
from app.models.base.grants import Role
from app.models.trail.audit import AuditEvent
from app.spelling import word

KINDS = (_l("Sign-ins"), _l("Refused sign-ins"), _l("Opened"), _l("Written"))
WRITES = ("add", "edit", "delete")

MEANING = _l(
    "Events of the audit trail in the period, by the role that the login has now: "
    "sign-ins that succeeded and that were refused, rows that were added, edited or "
    "deleted, and everything else, which is opening, listing, searching and exporting "
    "persons’ records. Who has two roles counts in both; a login that is gone in none."
)


def events(session: Session, start: datetime, end: datetime) -> Counter[tuple[str, int]]:
    """How many events by role and kind (a place in `KINDS`), from `start` up to `end`."""
    event = AuditEvent
    is_login = event.action == "login"
    kind = case(
        (is_login & (event.outcome == "success"), 0),
        (is_login, 1),
        (event.action.in_(WRITES), 3),
        else_=2,
    ).label("kind")
    query = (
        select(RoleRow.name, kind, func.count().label("events"))
        .select_from(event)
        .join(User, User.id == event.user_id)
        .join(User.roles)
        .where(event.recorded >= start, event.recorded < end)
        .group_by(RoleRow.name, kind)
    )
    return Counter({(r.name, r.kind): r.events for r in session.execute(query)})


def figures(asked: Asked) -> list[Figure]:
    """Who used the clinic for what, by role, and how quickly it answered."""
    found = asked.once(events, *instants(asked))
    rows: list[tuple[str, list[Value]]] = [
        (word(role), [found[role, kind] for kind in range(len(KINDS))]) for role in Role
    ]
    totals = [
        Total(name, sum(n for (role, kind), n in found.items() if kind == place), None)
        for place, name in enumerate(KINDS)
    ]
    return [
        Figure(
            "use-of-the-system", _("Use of the system"), MEANING, "bars", _("Role"),
            [Column(kind) for kind in KINDS], rows, totals,
            empty=_("Nobody with a login did anything in this period."),
        ),
        speed.figure(asked),
    ]  # fmt: skip
