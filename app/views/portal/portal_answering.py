"""Answering what patients ask and tell: their own words stand above the answer."""

from __future__ import annotations

from app.views.generated.grid import GridView


class AnswerGrid(GridView):
    """What the patient wrote is `told`: whoever answers reads it, and changes none of it."""

    form_page = "answer_form.html"


class CorrectionGrid(AnswerGrid):
    """What a patient wants to be corrected in a signed visit."""

    told = ("created", "wish")


class ReportGrid(AnswerGrid):
    """What a patient says to take or not to bear."""

    told = ("created", "kind", "display", "detail")
