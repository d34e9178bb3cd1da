"""What the pages of the rota share: who plans, which week, which day it is."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from app.language import _
from app.models import ClinicError, Role, TimeOff
from app.models.base.clock import clinic_zone
from app.models.rota.rota_rules import week_of
from app.spelling import spelled
from app.views.generated.guard import BadQuery
from app.views.generated.parsing import YEARS, read_date

PLANNERS = (Role.ADMIN,)


def monday_in(raw: Any) -> date:
    """The Monday of a day that was named. Raises BadQuery."""
    try:
        named = re.fullmatch(r"\d{4}-\d\d-\d\d", raw, re.ASCII) if isinstance(raw, str) else None
        day = read_date(raw if named else None)
    except ClinicError:
        raise BadQuery(_("week must be a date like 2026-05-31.")) from None
    if not YEARS[0] < day.year < YEARS[-1]:
        raise BadQuery(
            _("week must lie between %(first)s and %(last)s.", first=YEARS[0], last=YEARS[-1])
        )
    return week_of(day)


def away(row: TimeOff) -> str:
    """When somebody is away, in clinic time: “Mon 4 May – Wed 6 May”, “Mon 4 May” for one day, with its
    hours where it is no whole day."""
    if days := row.whole_days:
        return " – ".join(spelled(day, "EEE d MMM") for day in dict.fromkeys(days))
    times = (at.astimezone(clinic_zone()) for at in (row.start_at, row.end_at))
    return " – ".join(spelled(at, "EEE d MMM HH:mm") for at in times)
