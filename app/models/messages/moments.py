"""When a message may leave: before the visit as its rule says, and outside of quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.base.clock import instant
from app.models.messages.notification_rule import NotificationRule


def due(rule: NotificationRule, start: datetime, zone: ZoneInfo) -> datetime:
    """When a reminder of a visit at `start` is due, UTC.

    Hours are hours that pass, whatever the clock does meanwhile; days are days of the calendar, at
    the rule's time on the clock on the wall. A time that the clock skips is read with the offset
    before the change (RFC 5545, 3.3.5); of one that comes twice the first is meant.
    """
    if rule.days_before is None or rule.at_time is None:
        return start - timedelta(hours=rule.hours_before or 0)
    day = start.astimezone(zone).date() - timedelta(days=rule.days_before)
    return instant(day, rule.at_time, zone)


def outside_quiet(
    rule: NotificationRule, moment: datetime, start: datetime | None, zone: ZoneInfo
) -> datetime:
    """`moment`, or the end of the quiet hours that it lies in; their beginning where the visit
    would have begun by then."""
    span = _quiet_around(rule, moment, zone)
    if span is None:
        return moment
    begins, ends = span
    return ends if start is None or ends < start else begins


def _quiet_around(
    rule: NotificationRule, moment: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime] | None:
    if rule.quiet_from is None or rule.quiet_to is None:
        return None
    today = moment.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins = instant(day, rule.quiet_from, zone)
        over_midnight = timedelta(days=rule.quiet_to <= rule.quiet_from)
        ends = instant(day + over_midnight, rule.quiet_to, zone)
        if begins <= moment < ends:
            return begins, ends
    return None
