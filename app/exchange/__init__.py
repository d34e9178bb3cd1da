"""What comes in and goes out: FHIR, CSV, iCalendar."""

from app.exchange.importer import import_paths
from app.exchange.report import Report

__all__ = ["Report", "import_paths"]
