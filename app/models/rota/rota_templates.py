"""A week of shifts kept under a name, and laid over other weeks as drafts."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.language import _
from app.models.base.errors import ClinicError, NotFound
from app.models.people.staff import Staff
from app.models.rota.rota import Laid, lay, shifts_between
from app.models.rota.rota_tables import RotaTemplate, RotaTemplateRow


def save_template(session: Session, monday: date, name: str) -> RotaTemplate:
    """Keep a week's shifts under a name; the same name again replaces what it held."""
    shifts = shifts_between(session, monday, monday + timedelta(days=6))
    if not shifts:
        raise ClinicError(_("This week has no shift to keep as a template."))
    template = session.scalars(select(RotaTemplate).filter_by(name=name)).one_or_none()
    if template is None:
        template = RotaTemplate(name=name)
        session.add(template)
        session.flush()
    key = template.rota_template_id
    for row in session.scalars(select(RotaTemplateRow).filter_by(rota_template_id=key)):
        session.delete(row)
    for shift in shifts:
        session.add(
            RotaTemplateRow(
                rota_template_id=key, staff_id=shift.staff_id,
                weekday=(shift.shift_date - monday).days,
                start_time=shift.start_time, end_time=shift.end_time,
            )
        )  # fmt: skip
    session.flush()
    return template


def apply_template(session: Session, template_id: int, monday: date) -> Laid:
    """Lay a template over a week, as drafts. Raises NotFound."""
    if session.get(RotaTemplate, template_id) is None:
        raise NotFound(_("There is no such template."))
    query = (
        select(RotaTemplateRow, Staff)
        .join(Staff, Staff.staff_id == RotaTemplateRow.staff_id)
        .where(RotaTemplateRow.rota_template_id == template_id)
        .order_by(RotaTemplateRow.weekday, RotaTemplateRow.start_time)
    )
    found = session.execute(query).all()
    return lay(
        session,
        monday,
        ((s, monday + timedelta(days=r.weekday), r.start_time, r.end_time) for r, s in found),
    )
