"""The weekly digest: the figures of the week that has ended, by e-mail, to whom the admin chooses.

It says what every member of staff may see under Analytics: totals of the clinic, of no single
doctor, and nothing of fewer than five. The figures are taken when it is planned and kept in the
message, so that it says the same however late it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ForeignKey, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app import spelling
from app.language import _
from app.models.analytics import rollup
from app.models.analytics.figure import Figure, number_of, spelled
from app.models.analytics.scope import Asked, Scope, names
from app.models.analytics.sections import SECTIONS
from app.models.base.clock import clinic_zone, instant, midnight
from app.models.base.entity import Entity
from app.models.base.grants import MANAGE, STAFF, Role
from app.models.base.screen import Screen
from app.models.messages import outbox, wording
from app.models.messages.notification import Notification
from app.models.people.staff import Staff

RULE = "digest"
FROM = time(7)
"""On Mondays, clinic time."""

DRAWN = ("visits-by-status", "missed-visits", "use-of-shifts", "waiting-time", "new-patients")


class DigestReader(Entity):
    """A member of staff who gets the digest, at the e-mail address of their login."""

    __tablename__ = "digest_reader"

    digest_reader_id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.staff_id"), unique=True)
    staff: Mapped[Staff] = relationship()

    __screen__ = Screen(
        title="Weekly digest",
        one="Reader of the weekly digest",
        menu="Administration",
        icon="fa-envelope-open-text",
        columns=["staff"],
        search=["staff"],
        form=["staff"],
        labels={"staff": "Goes to"},
        help={"staff": "Sent on Mondays to the e-mail address of this person’s login."},
        empty="Nobody gets the weekly figures by e-mail. Add those who should.",
        grants={Role.ADMIN: MANAGE},
    )

    def __str__(self) -> str:
        return _("Reader %(number)s", number=self.digest_reader_id)


def send(session: Session, now: datetime) -> int:
    """The job: on Monday morning and the two days after, plan the digest of the week before for
    each reader who has none of it yet; answers how many."""
    local = now.astimezone(clinic_zone())
    monday = local.date() - timedelta(days=local.weekday())
    if local < instant(monday, FROM, clinic_zone()) or local.weekday() > 2:
        return 0
    query = (
        select(DigestReader.staff_id)
        .join(Staff, Staff.staff_id == DigestReader.staff_id)
        .where(Staff.active)
    )
    has_it = exists().where(
        Notification.rule == RULE,
        Notification.staff_id == Staff.staff_id,
        Notification.created >= midnight(monday, clinic_zone()),
    )
    readers = session.scalars(query.where(~has_it)).all()
    if not readers or not outbox.rules_of(session, RULE) or rollup.pending(session):
        return 0  # or at the next turn, when the figures have caught up
    said = content(session, monday - timedelta(days=7), now)
    return sum(_announce(session, monday, reader, said, now) for reader in readers)


def content(session: Session, monday: date, now: datetime) -> dict[str, Any]:
    """The figures of the week that begins on `monday` in each language, as JSON can keep them."""
    scope = Scope(monday, monday + timedelta(days=6))
    asked = Asked(session, scope, names(session), clinic_zone(), now, all_doctors=False)
    said = wording.in_each(lambda _code: _content(asked))
    texts = {
        name: {code: one[name] for code, one in said.items()} for name in ("first", "last", "lines")
    }
    return texts | {
        "link": "/analytics/",
        "figures": {c: one["figures"] for c, one in said.items()},
    }


def _content(asked: Asked) -> dict[str, Any]:
    sections = [section for section in SECTIONS if section.roles == STAFF]
    found = [(str(section.title), section.build(asked)) for section in sections]
    totals = [[title, *_totals(figures)] for title, figures in found]
    return {
        "first": spelling.spelled(asked.scope.first, _("d MMMM")),
        "last": spelling.spelled(asked.scope.last, _("d MMMM y")),
        "lines": "\n\n".join("\n".join(lines) for lines in totals if len(lines) > 1),
        "figures": [
            _figure(figure)
            for _, figures in found
            for figure in figures
            if figure.key in DRAWN and not figure.is_empty
        ],
    }


def _announce(
    session: Session, monday: date, staff_id: int, said: dict[str, Any], now: datetime
) -> bool:
    try:
        with session.begin_nested():
            outbox.announce(session, RULE, f"{monday}", now, staff_id=staff_id, context=said)
    except IntegrityError:  # another worker was quicker
        return False
    return True


def _totals(figures: list[Figure]) -> Iterator[str]:
    for figure in figures:
        for total in figure.totals:
            now, before = (spelled(value, total.unit) for value in (total.now, total.before))
            yield _(
                "%(name)s: %(now)s (week before: %(before)s)",
                name=total.name,
                now=now,
                before=before,
            )


def _figure(figure: Figure) -> dict[str, Any]:
    drawn = [place for place, column in enumerate(figure.columns) if column.drawn]
    return {
        "key": figure.key,
        "title": figure.title,
        "kind": figure.kind,
        "label": figure.label,
        "columns": [column.name for column in figure.columns],
        "rows": [
            [label, *(spelled(v, c.unit) for v, c in zip(values, figure.columns, strict=True))]
            for label, values in figure.rows
        ],
        "series": [
            {
                "name": " ".join(filter(None, (figure.columns[p].name, figure.columns[p].unit))),
                "values": [number_of(values[p]) for _, values in figure.rows],
            }
            for p in drawn
        ],
    }
