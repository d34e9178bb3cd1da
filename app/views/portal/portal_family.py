"""`/portal/for`: whom a login acts for, where that is more than one person."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.language import _
from app.models import NotFound, Patient
from app.security import audit
from app.security.scope import as_key
from app.views.generated.guard import actor
from app.views.portal.portal_shell import CHOSEN, MAY, PERMISSION, acted_for, acting_patient, page


class PortalFamilyView(BaseView):
    """Turn to another person. The choice is a wish: at each request it is held against those
    whom the login may act for."""

    route_base = "/portal/for"
    default_view = "choose"
    class_permission_name = "Portal"
    may = MAY

    @expose("/", methods=["GET"])
    @has_access
    @permission_name(PERMISSION)
    def choose(self) -> Any:
        """For whom the person may act."""
        acting_patient()
        audit.read(actor(), "list", Patient, page="portal for")
        return page("family", people=acted_for())

    @expose("/", methods=["POST"])
    @has_access
    @permission_name(PERMISSION)
    def turn(self) -> Any:
        """Act for this patient from here on. Raises NotFound, and leaves a trace."""
        key = as_key(request.form.get("patient", ""))
        chosen = next((p for p in acted_for() if p.patient_id == key), None)
        if chosen is None:
            audit.refused(db.session(), actor(), "act-for", Patient, key)
            raise NotFound(_("There is no such patient, or you do not act for them."))
        session[CHOSEN] = chosen.patient_id
        flash(_("This is the portal of %(name)s.", name=chosen.name), "info")
        return redirect(url_for("PortalView.home"))
