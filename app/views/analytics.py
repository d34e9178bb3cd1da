"""`/analytics/`: figures in sections, each a plot with its table, its meaning and its CSV."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import SOURCE, _, _l, in_language
from app.models import NotFound, Role
from app.models.analytics import rollup
from app.models.analytics.figure import Figure, number_of, spelled
from app.models.analytics.scope import LONGEST, Asked, Names, Scope, names
from app.models.analytics.sections import SECTIONS, Section
from app.models.base.clock import clinic_zone
from app.models.base.errors import ClinicError
from app.models.base.grants import STAFF
from app.security.actor import Actor
from app.views.generated.export import csv_of
from app.views.generated.guard import LARGEST_PAGE, BadQuery, actor
from app.views.generated.parsing import read_date

PERIODS = {"30": _l("30 days"), "90": _l("90 days"), "365": _l("12 months"), "730": _l("24 months")}
USUAL = "30"
LABELS = {"doctor": _l("Doctor"), "type": _l("Visit type"), "room": _l("Room")}
EVERY = {"doctor": _l("All doctors"), "type": _l("All types"), "room": _l("All rooms")}
NO_FIGURE = _l("There is no such figure.")
BEFORE = _l("Period before")


@dataclass(frozen=True)
class Filter:
    """A choice above the figures; keys with names, and the chosen key."""

    name: str
    label: str
    every: str
    options: dict[int, str]
    chosen: int | None


class AnalyticsView(BaseView):
    """The sections that one's role may see; numbers of single doctors only where it may."""

    route_base = "/analytics"
    default_view = "show"
    class_permission_name = "Analytics"
    may = {"show": STAFF}
    menu = ("Clinic", "Analytics", "fa-chart-line")

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> str:
        """The figures of one section and period. Raises BadQuery for an address that asks for none."""
        person = actor()
        mine = [section for section in SECTIONS if section.roles & person.roles]
        section = _chosen(mine, request.args.get("section", mine[0].key))
        asked = _asked(person, section)
        scope = asked.scope
        figures = section.build(asked)
        page = {
            "tabs": [(s, _url(s.key)) for s in mine],
            "section": section,
            "figures": figures,
            "wide": wide(figures),
            "totals": [total for figure in figures for total in figure.totals],
            "drawn": {figure.key: drawn(figure) for figure in figures},
            "csv": {f.key: url_for(".table", key=f.key, **_kept()) for f in figures},
            "periods": _periods(section.key),
            "scope": scope,
            "before": scope.first - timedelta(days=1),
            "filters": _filters(person, section, asked),
            "is_behind": rollup.pending(db.session()),
        }
        return render_template("analytics.html", page=page, show_number=spelled)

    @expose("/<key>.csv")
    @has_access
    @permission_name("show")
    def table(self, key: str) -> Response:
        """The table of one figure, for the same question; in English, as all that leaves as CSV."""
        person = actor()
        mine = [section for section in SECTIONS if section.roles & person.roles]
        section = _chosen(mine, request.args.get("section", mine[0].key))
        asked = _asked(person, section)
        asked = replace(asked, scope=replace(asked.scope, dated=True))
        with in_language(SOURCE):
            found = [f for f in section.build(asked) if f.key == key]
        if not found:
            raise NotFound(NO_FIGURE)
        figure = found[0]
        head = [
            figure.label,
            *(f"{c.name} ({c.unit})" if c.unit else str(c.name) for c in figure.columns),
        ]
        rows = [[label, *map(plain, values)] for label, values in figure.rows]
        return csv_of(key, [head, *rows])


def wide(figures: list[Figure]) -> set[str]:
    """Keys of the figures that take the whole width: the first, every course, and one that
    would stand alone beside a gap."""
    found, alone = set(), None
    for figure in figures:
        if figure is figures[0] or figure.kind == "lines":
            found |= {figure.key, *([alone] if alone else [])}
            alone = None
        else:
            alone = None if alone else figure.key
    return found | ({alone} if alone else set())


def drawn(figure: Figure) -> dict[str, Any]:
    """What the plot needs: labels, and the drawn columns with numbers alone."""
    return {
        "kind": figure.kind,
        "labels": [str(label) for label, _values in figure.rows],
        "series": [
            {
                "name": str(column.name),
                "place": place,
                "is_before": str(column.name) == str(BEFORE),
                "unit": column.unit,
                "values": [number_of(values[place]) for _label, values in figure.rows],
            }
            for place, column in enumerate(figure.columns)
            if column.drawn
        ],
    }


def plain(value: Any) -> str:
    """A number for programs; nothing where there is none."""
    return "" if value is None else str(value)


def _chosen(sections: list[Section], key: str) -> Section:
    for section in sections:
        if section.key == key:
            return section
    raise NotFound(NO_FIGURE)


def _asked(person: Actor, section: Section) -> Asked:
    session, zone, now = db.session(), clinic_zone(), datetime.now(UTC)
    named = names(session)
    first, last = _period(now.astimezone(zone).date())
    keys = {name: _key(name, section) for name in LABELS}
    for name, options in _options(person, named).items():
        if keys[name] is not None and keys[name] not in options:
            raise NotFound(NO_FIGURE)
    scope = Scope(first, last, keys["doctor"], keys["type"], keys["room"])
    is_admin = Role.ADMIN in person.roles
    own = person.doctor_id if Role.DOCTOR in person.roles else None
    return Asked(session, scope, named, zone, now, is_admin, own)


def _period(today: date) -> tuple[date, date]:
    """First and last day from the address, both included. Raises BadQuery."""
    days = request.args.get("days", USUAL)
    if days not in PERIODS:
        raise BadQuery(_("Choose one of the periods, or two dates."))
    try:
        last = read_date(request.args["to"]) if request.args.get("to") else today
        usual = last - timedelta(days=int(days) - 1)
        first = read_date(request.args["from"]) if request.args.get("from") else usual
    except ClinicError as error:
        raise BadQuery(error.message) from None
    if not 0 <= (last - first).days < LONGEST:
        raise BadQuery(
            _("The period ends on or after its first day, and lasts at most five years.")
        )
    return first, last


def _key(name: str, section: Section) -> int | None:
    """What the figures are narrowed to; nothing where this section cannot be. Raises BadQuery."""
    raw = request.args.get(name, "")
    if not raw or name not in section.narrowed:
        return None
    if not (raw.isascii() and raw.isdecimal()) or int(raw[:9]) > LARGEST_PAGE:
        raise BadQuery(_("%(name)s must be one of the list.", name=LABELS[name]))
    return int(raw[:9])


def _options(person: Actor, named: Names) -> dict[str, dict[int, str]]:
    """By what the person may narrow: the admin to any doctor, a doctor to oneself."""
    doctors = {
        key: name
        for key, name in named.doctors.items()
        if Role.ADMIN in person.roles or (Role.DOCTOR in person.roles and key == person.doctor_id)
    }
    return {"doctor": doctors, "type": named.types, "room": named.rooms}


def _filters(person: Actor, section: Section, asked: Asked) -> list[Filter]:
    scope = asked.scope
    chosen = {"doctor": scope.doctor_id, "type": scope.visit_type_id, "room": scope.room_id}
    options = _options(person, asked.names)
    return [
        Filter(name, LABELS[name], EVERY[name], options[name], chosen[name])
        for name in section.narrowed
        if options[name]
    ]


def _periods(section: str) -> list[tuple[str, str, bool]]:
    """Label, address, and whether it is the one that is shown."""
    by_dates = bool(request.args.get("from") or request.args.get("to"))
    days = request.args.get("days", USUAL)
    kept = {k: v for k, v in _kept().items() if k not in ("from", "to", "days", "section")}
    return [
        (label, url_for(".show", section=section, days=key, **kept), key == days and not by_dates)
        for key, label in PERIODS.items()
    ]


def _url(section: str) -> str:
    return url_for(".show", **_kept() | {"section": section})


def _kept() -> dict[str, Any]:
    """The question of this address, to be asked of another section or as a CSV."""
    known = ("section", "days", "from", "to", *LABELS)
    return {name: request.args[name] for name in known if request.args.get(name)}
