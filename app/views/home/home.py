"""`/`: the start of one's day, by role: numbers, rooms and lists on one page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from werkzeug.wrappers import Response

from app.language import _
from app.models import Patient, Role
from app.models.base.clock import clinic_zone
from app.security import audit
from app.security.actor import Actor
from app.views.generated.guard import actor
from app.views.home import home_care, home_desk, home_house
from app.views.home.home_parts import Home

HOMES: tuple[tuple[Role, Callable[[Home, Actor, datetime], None]], ...] = (
    (Role.DOCTOR, home_care.doctor),
    (Role.NURSE, home_care.nurse),
    (Role.RECEPTIONIST, home_desk.receptionist),
    (Role.ADMIN, home_house.admin),
)


class HomeView(BaseView):
    """Each role's own start page; someone with several roles starts with the first of `HOMES`."""

    route_base = ""
    default_view = "index"
    class_permission_name = "Home"
    may = {"home": tuple(Role)}

    @expose("/")
    @has_access
    @permission_name("home")
    def index(self) -> str | Response:
        """The home of the first role that the person has; a patient is sent to the portal."""
        person, now = actor(), datetime.now(UTC)
        if person.roles == {Role.PATIENT}:
            return redirect(url_for("PortalView.home"))
        page = Home(f"{_part_of_day(now)}, {person.name.split()[0]}")
        build = next(build for role, build in HOMES if role in person.roles)
        build(page, person, now)
        audit.read(person, "list", Patient, page="home")
        return render_template("home.html", page=page)


def _part_of_day(now: datetime) -> str:
    hour = now.astimezone(clinic_zone()).hour
    return (
        _("Good morning")
        if 4 <= hour < 12
        else _("Good afternoon")
        if 12 <= hour < 18
        else _("Good evening")
        if 18 <= hour < 23
        else _("Hello")
    )
