"""iCalendar for those who work here: a file for each visit, a private feed for each person.

The feed's address is its key: it is told once, kept as a hash, and closed by a click.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, current_app, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import select

from app.exchange import feed as files
from app.extensions import db
from app.language import _
from app.models import Action, Appointment, CalendarFeed, ClinicError
from app.models.base.clock import clinic_zone
from app.models.base.grants import STAFF
from app.models.visits import feed
from app.security import audit
from app.security.scope import load
from app.views.generated.guard import BadQuery, actor
from app.views.generated.pages import RelatedCard
from app.views.generated.values import show
from app.views.visits import timeline
from app.views.visits.appointments import AppointmentGrid
from app.views.visits.holds import give_back

MIMETYPE = "text/calendar"


class CalendarGrid(AppointmentGrid):
    """The appointments' grid with the file of one visit."""

    more_methods = {"ics": "show"}

    def pre_delete(self, item: Appointment) -> None:
        give_back(item)

    def more_cards(self, row: Appointment) -> Sequence[RelatedCard]:
        return [timeline.card(row)]

    @expose("/ics/<pk>")
    @has_access
    @permission_name("show")
    def ics(self, pk: str) -> Response:
        """One visit as a file for a calendar."""
        links = ["doctor", "room", "visit_type"]
        visit = load(db.session(), actor(), Appointment, pk, Action.SHOW, links)
        audit.read(actor(), "export", Appointment, visit)
        return visit_file(visit)


class FeedView(BaseView):
    """`/account/feed`: make the private address of one's calendar anew, or close it."""

    route_base = "/account"
    default_view = "show"
    class_permission_name = "CalendarFeed"
    may = {"feed": STAFF}

    @expose("/feed", methods=["GET"])
    @has_access
    @permission_name("feed")
    def show(self) -> str:
        """Whether one's own calendar has an address."""
        return _page(None)

    @expose("/feed", methods=["POST"])
    @has_access
    @permission_name("feed")
    def change(self) -> Any:
        """Make an address, which is shown this once, or revoke the one there is."""
        session, now, wish = db.session(), datetime.now(UTC), request.form.get("do", "")
        if wish not in {"make", "revoke"}:
            raise BadQuery(_("Say whether to make or to revoke the address."))
        staff_id = _staff_id()
        token = feed.make(session, staff_id, now) if wish == "make" else None
        if token is None:
            feed.revoke(session, staff_id, now)
        audit.note(session, actor(), f"feed-{wish}", "CalendarFeed", key=staff_id)
        session.commit()
        url = token and url_for("FeedFileView.ics", token=token, _external=True)
        if request.accept_mimetypes.best == "application/json":
            return {"url": url}
        return _page(url)


class FeedFileView(BaseView):
    """`/feed/<token>.ics`, for calendar programs, which do not sign in."""

    route_base = "/feed"
    default_view = "ics"

    @expose("/<token>.ics")
    def ics(self, token: str) -> Response:
        """The calendar of whom the token is; 404 where it is nobody's."""
        now = datetime.now(UTC)
        found = files.feed_of(db.session(), token, _house(), clinic_zone(), now)
        if found is None:
            abort(404)
        detail = {"feed_of_staff": found.staff_id, "rows": found.visits}
        audit.read(None, "export", Appointment, **detail)
        return _calendar(found.body, "calendar.ics")


def visit_file(visit: Appointment) -> Response:
    """One visit as a calendar file to hand on."""
    modified = files.last_change(db.session(), visit) or datetime.now(UTC)
    body = files.file_of(visit, modified, _house(), clinic_zone())
    return _calendar(body, f"appointment-{visit.appointment_id}.ics")


def _page(url: str | None) -> str:
    query = select(CalendarFeed.created).where(
        CalendarFeed.staff_id == actor().staff_id, CalendarFeed.revoked_at.is_(None)
    )
    since = db.session.scalar(query)
    return render_template("feed.html", url=url, since=show(since))


def _staff_id() -> int:
    staff_id = actor().staff_id
    if staff_id is None:
        raise ClinicError(_("Your login belongs to no member of staff, so it has no calendar."))
    return staff_id


def _house() -> str:
    return str(current_app.config["CLINIC_NAME"])


def _calendar(body: bytes, name: str) -> Response:
    answer = Response(body, content_type=f"{MIMETYPE}; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
