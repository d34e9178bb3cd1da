"""Macros that a page imports, made once by each process."""

from __future__ import annotations

from flask import Flask
from jinja2 import Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context


def init_app(app: Flask) -> None:
    """Read every template by `ClinicTemplate`."""
    app.jinja_env.template_class = ClinicTemplate


class ClinicTemplate(Template):
    """A template that no page gives globals of its own: what it imports is the same for all. Jinja
    would compare all their names at each of a dozen imports a page."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()
