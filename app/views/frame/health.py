"""For a load balancer: alive, and ready to answer from the database."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import BaseView, expose
from sqlalchemy import text

from app.extensions import db


class HealthView(BaseView):
    """Says nothing about the clinic, to anyone."""

    route_base = ""
    default_view = "health"

    @expose("/health")
    def health(self) -> dict[str, str]:
        """The process answers; nothing else is asked."""
        return {"status": "ok"}

    @expose("/ready")
    def ready(self) -> Any:
        """503 by the error handler where the database does not answer."""
        db.session.execute(text("SELECT 1"))
        return {"status": "ok"}
