"""Problems and allergies, written in the chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import inspect
from werkzeug.wrappers import Response

from app.extensions import db
from app.language import _, _l
from app.models import (
    Action,
    AllergyIntolerance,
    ClinicError,
    Condition,
    NotFound,
    Stale,
)
from app.models.base.clock import clinic_zone
from app.models.record import chart_entries, drug_lists, icd
from app.models.record.chart_entries import CATEGORIES, SUBSTANCES, VERIFIED, Entry
from app.security.scope import load
from app.views.chart.chart_note_pages import chart_address
from app.views.chart.chart_page import Opened, chart_of, keep, open_chart, refused
from app.views.frame.bodies import read_text, read_value
from app.views.generated.guard import actor
from app.views.generated.parsing import clean_text
from app.views.generated.values import as_typed
from app.views.generated.writing import require_version, take_back


@dataclass(frozen=True)
class Kind:
    """What a form writes: its table, its words, its columns beside the name."""

    model: type[Entry]
    one: str
    columns: tuple[str, ...]


KINDS = {
    "problem": Kind(
        Condition,
        "problem",
        ("code", "clinical_status", "verification_status", "onset", "abatement"),
    ),
    "allergy": Kind(
        AllergyIntolerance,
        "allergy",
        ("category", "criticality", "reaction", "clinical_status", "verification_status"),
    ),
}
WORDS = {"verification_status": VERIFIED, "category": CATEGORIES}
LABELS = {
    "display": _l("Name"),
    "onset": _l("Since"),
    "abatement": _l("Ended"),
    "reaction": _l("Reaction"),
}
MOST = 12


class ChartEntriesView(BaseView):
    """One form for both; a signed entry is followed by another rather than changed."""

    route_base = "/chart"
    class_permission_name = "Chart"
    may = {"write": ()}  # who, is said by ChartView

    @expose("/icd")
    @has_access
    @permission_name("write")
    def codes(self) -> list[dict[str, str]]:
        """Codes of ICD-10-CM for a search as one types."""
        found = icd.search(db.session(), clean_text(request.args.get("q", ""))[:100])
        return [{"id": row.code, "text": row.display, "detail": row.code} for row in found]

    @expose("/substances")
    @has_access
    @permission_name("write")
    def substances(self) -> list[dict[str, str]]:
        """What people are allergic to: drugs, classes of drugs, and what is often harmful."""
        return _substances(clean_text(request.args.get("q", ""))[:100].strip().lower())

    @expose("/<patient_id>/<any(problem, allergy):kind>/new", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def new(self, patient_id: str, kind: str) -> Response | str | tuple[str, int]:
        """A new problem or allergy."""
        return _form(patient_id, KINDS[kind], None)

    @expose("/<patient_id>/allergy/none", methods=["POST"])
    @has_access
    @permission_name("write")
    def none_known(self, patient_id: str) -> Response:
        """The patient was asked, and knows of no allergy."""
        opened = chart_of(patient_id)
        try:
            row = chart_entries.say_none_known(
                db.session(), opened.person, opened.patient.patient_id, opened.now, clinic_zone()
            )
            keep("add", row)
        except ClinicError as error:
            take_back(db.session(), error)
            flash(error.message, "danger")
        else:
            flash(_("Kept: no known allergies, asked today."), "success")
        return redirect(chart_address(opened))

    @expose("/<patient_id>/<any(problem, allergy):kind>/<key>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def edit(self, patient_id: str, kind: str, key: str) -> Response | str | tuple[str, int]:
        """A problem or allergy as it is now, and by POST as it is to be."""
        return _form(patient_id, KINDS[kind], key)


def _form(patient_id: str, kind: Kind, key: str | None) -> Response | str | tuple[str, int]:
    """The form, or by POST what was typed is kept."""
    if request.method == "GET":
        opened = open_chart(patient_id, kind.one)
        entry = _entry(opened, kind, key)
        return _page(opened, kind, entry, _typed_of(kind, entry))
    typed = {name: clean_text(value) for name, value in request.form.items()}
    try:
        opened = chart_of(patient_id)
        entry = _entry(opened, kind, key)
        require_version(entry, typed.get("version"))
        row = chart_entries.keep(
            db.session(), opened.person, entry, _values(kind, typed), opened.now, clinic_zone()
        )
        keep("add" if row.pk is None else "edit", row)
    except ClinicError as error:
        take_back(db.session(), error)
        opened = open_chart(patient_id, kind.one)
        entry = _entry(opened, kind, key)
        return refused(_page(opened, kind, entry, typed, error), error)
    flash(_("Kept: %(name)s.", name=row.display), "success")
    return redirect(chart_address(opened))


def _entry(opened: Opened, kind: Kind, key: str | None) -> Entry:
    """The row of this patient, or a new one that no session knows yet."""
    if key is None:
        return kind.model(patient_id=opened.patient.patient_id)
    row: Entry = load(db.session(), actor(), kind.model, key, Action.EDIT, ("record",))
    if not opened.has(row):
        raise NotFound(_("There is no such entry, or it is not yours to see."))
    if not chart_entries.latest(db.session(), row):
        raise Stale(_("A later entry has taken the place of this one. Open the chart again."))
    return row


def _values(kind: Kind, typed: Mapping[str, str]) -> dict[str, Any]:
    """The columns as they are to be kept. Raises ClinicError with `field`."""
    columns = inspect(kind.model).columns
    values: dict[str, Any] = {"display": read_text(typed.get("display"), 300, _("Name"))}
    for name in kind.columns:
        raw = typed.get(name, "").strip()
        if name == "reaction":
            values[name] = read_text(raw, 1000, _("Reaction")) or None
            continue
        if name in WORDS and raw not in {"", *WORDS[name]}:
            raise ClinicError(_("Choose one from the list."), field=name)
        values[name] = read_value(name, columns[name], raw or None, LABELS.get(name))
    return values


def _page(
    opened: Opened, kind: Kind, entry: Entry, typed: Mapping[str, Any],
    problem: ClinicError | None = None,
) -> str:  # fmt: skip
    statuses = inspect(kind.model).columns["clinical_status"].type.enums
    signed = bool(entry.record and entry.record.status == "signed")
    return render_template(
        "chart_entry.html", opened=opened, kind=kind, entry=entry, typed=typed, problem=problem,
        statuses=statuses, verified=VERIFIED, categories=CATEGORIES, signed=signed,
        back=chart_address(opened),
    )  # fmt: skip


def _typed_of(kind: Kind, entry: Entry) -> dict[str, Any]:
    if entry.pk is None:
        return {"clinical_status": "active"}
    found = {name: getattr(entry, name) for name in ("display", *kind.columns)}
    return found | {name: as_typed(found[name]) for name in ("onset", "abatement") if name in found}


def _substances(typed: str) -> list[dict[str, str]]:
    if not typed:
        return []
    lists = drug_lists.current(db.session())
    drugs = {name.capitalize(): "medication" for name in lists.drugs if " / " not in name}
    classes = {group.title: "medication" for group in lists.classes.values() if group.words}
    found = [
        {"id": category, "text": name, "detail": CATEGORIES[category]}
        for name, category in (SUBSTANCES | classes | drugs).items()
        if any(word.startswith(typed) for word in (name.lower(), *name.lower().split()))
    ]
    found.sort(key=lambda hit: (not hit["text"].lower().startswith(typed), hit["text"]))
    return found[:MOST]
