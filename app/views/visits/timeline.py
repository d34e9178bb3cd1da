"""The card of a visit's messages below its detail page."""

from __future__ import annotations

from app.extensions import db
from app.language import _, _l
from app.models import Appointment
from app.models.messages import timeline
from app.models.messages.notification import Notification
from app.models.messages.timeline import CHANNELS
from app.views.generated.pages import Cell, Column, RelatedCard, Row
from app.views.generated.values import show

COLUMNS = (
    ("when", _l("When")), ("rule", _l("Message")), ("channel", _l("By")), ("state", _l("State")),
    ("reason", _l("Why")),
)  # fmt: skip


def card(visit: Appointment) -> RelatedCard:
    """Planned, sent, skipped and why, failed: nothing of what a message says."""
    return RelatedCard(
        title=_("Messages to the patient"),
        one=_("Message"),
        icon="fa-paper-plane",
        columns=[Column(key, label) for key, label in COLUMNS],
        rows=[_row(row) for row in timeline.of(db.session(), visit.appointment_id)],
    )


def _row(row: Notification) -> Row:
    rule = str(row.notification_rule or row.rule.replace("_", " "))
    cells = [
        Cell(show(timeline.when(row)), "instant"),
        Cell(rule),
        Cell(CHANNELS[row.channel]),
        Cell(row.state, "choice"),
        Cell(_(row.reason) if row.reason else "", "text" if row.reason else "empty"),
    ]
    return Row(pk=row.notification_id, cells=cells)
