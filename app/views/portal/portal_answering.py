"""Answering what patients ask and tell: their own words stand above the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.models import ClinicError
from app.views.generated.grid import GridView


class AnswerGrid(GridView):
    """`told` are columns that the patient wrote; whoever answers reads them, and changes none."""

    form_page = "answer_form.html"
    told: Sequence[str] = ()

    def _show_form(self, form: Any, row: Any, error: ClinicError | None = None) -> tuple[str, int]:
        form.told = [(self.label_columns[name], self.cell(row, name)) for name in self.told]
        return super()._show_form(form, row, error)


class CorrectionGrid(AnswerGrid):
    """What a patient wants to be corrected in a signed visit."""

    told = ("created", "wish")


class ReportGrid(AnswerGrid):
    """What a patient says to take or not to bear."""

    told = ("created", "kind", "display", "detail")
