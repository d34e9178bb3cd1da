"""Whether a dose is more than is usual at the patient's age and weight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.language import _
from app.models.record.dosing import MILLIGRAMS, PIECES, TIMINGS
from app.models.record.drug_files import Limit
from app.models.record.drug_lists import Lists
from app.models.record.drug_names import Part
from app.spelling import measured


def limit_for(lists: Lists, ingredient: str, years: float) -> Limit | None:
    """The usual dose of an ingredient at an age, where one is known."""
    limits = lists.limits.get(ingredient, ())
    return next((row for row in limits if _is_of_age(row, years)), None)


def excess(
    order: Any, part: Part, limit: Limit, weight: float | None, notes: list[str]
) -> Iterator[str]:
    """What is too much of it, in sentences; what could not be compared goes into `notes`.
    The weight is in kilograms."""
    name = part.ingredient
    if limit.daily == 0:
        yield _("%(drug)s is not given %(age)s.", drug=name, age=_age(limit))
        return
    timing = TIMINGS.get(order.timing or "")
    if limit.least_days and timing and timing.per_day * limit.least_days > 1.01:
        yield _(
            "%(drug)s is taken at most once in %(days)s days.",
            drug=name,
            days=measured(limit.least_days),
        )
        return
    once = _milligrams(order, part)
    if once is None or timing is None:
        notes.append(_("The dose of %(drug)s could not be compared in milligrams.", drug=name))
        return
    if limit.single and once > limit.single * 1.001:
        yield _(
            "%(once)s mg of %(drug)s at once; usual is at most %(most)s mg %(age)s.",
            once=measured(once), drug=name, most=measured(limit.single), age=_age(limit),
        )  # fmt: skip
    day = once * max(timing.per_day, 1.0)
    most, words = limit.daily, ""
    if limit.daily_per_kg and weight:
        by_weight = round(limit.daily_per_kg * weight, 1)
        if most is None or by_weight < most:
            most, words = by_weight, " " + _("at %(weight)s kg", weight=measured(weight))
    elif limit.daily_per_kg:
        notes.append(_("No recent weight: %(drug)s was not compared by weight.", drug=name))
    if most and day > most * 1.001:
        yield _(
            "%(day)s mg of %(drug)s a day; usual is at most %(most)s mg%(by_weight)s %(age)s.",
            day=measured(day), drug=name, most=measured(most), by_weight=words, age=_age(limit),
        )  # fmt: skip


def _milligrams(order: Any, part: Part) -> float | None:
    """One dose, where its unit and the strength say it."""
    value, unit = order.dose_value, order.dose_unit
    if not value:
        return None
    if unit in MILLIGRAMS:
        return float(value * MILLIGRAMS[unit])
    each = part.ml_mg if unit == "ml" else part.piece_mg if unit in PIECES else None
    return None if each is None else float(value * each)


def _is_of_age(limit: Limit, years: float) -> bool:
    return limit.from_years <= years and (limit.to_years is None or years < limit.to_years)


def _age(limit: Limit) -> str:
    if limit.to_years is None:
        return (
            _("from %(low)s years", low=measured(limit.from_years))
            if limit.from_years
            else _("at this age")
        )
    high = measured(limit.to_years)
    if limit.from_years:
        return _("from %(low)s to %(high)s years", low=measured(limit.from_years), high=high)
    return _("under %(high)s years", high=high)
