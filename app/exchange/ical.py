"""iCalendar (RFC 5545, with RFC 7986 where it helps): visits and shifts as events.

A UID never changes. SEQUENCE counts the row's changes, DTSTAMP is its last (RFC 5545, 3.8.7.2:
without a METHOD, the two say the same as LAST-MODIFIED). No event holds a clinical text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vDuration
from icalendar.prop import vCalAddress, vText

PRODUCT = "-//Open clinic//Scheduling//EN"
REFRESH = timedelta(minutes=15)

STATUS = {
    "proposed": "TENTATIVE", "pending": "TENTATIVE", "waitlist": "TENTATIVE",
    "cancelled": "CANCELLED", "noshow": "CANCELLED", "entered-in-error": "CANCELLED",
}  # fmt: skip
"""From our statuses to RFC 5545, 3.8.1.11; all others are CONFIRMED."""


@dataclass(frozen=True)
class Entry:
    """One event: `key` like `appointment/7` is its identity within the house."""

    key: str
    start: datetime
    end: datetime
    summary: str
    modified: datetime
    sequence: int = 0
    status: str = "CONFIRMED"
    location: str | None = None
    busy: bool = True
    category: str | None = None
    organizer: str | None = None
    attendee: str | None = None


def write(name: str, house: str, zone: ZoneInfo, entries: Iterable[Entry]) -> bytes:
    """A whole calendar object named `name`, with the definition of its time zone."""
    listed = list(entries)
    calendar = _calendar()
    calendar.add("name", name)  # RFC 7986, 5.1
    calendar.add("x-wr-calname", name)  # what most programs read instead
    refresh = vDuration(REFRESH)
    refresh.params["VALUE"] = "DURATION"
    calendar.add("refresh-interval", refresh)  # RFC 7986, 5.7
    if listed and _is_named(zone):
        first = min(entry.start for entry in listed).astimezone(zone).date()
        last = max(entry.end for entry in listed).astimezone(zone).date()
        calendar.add_component(
            Timezone.from_tzinfo(
                zone, zone.key, first - timedelta(days=366), last + timedelta(days=366)
            )
        )
    for entry in listed:
        calendar.add_component(_event(entry, house, zone))
    return bytes(calendar.to_ical())


def message(method: str, house: str, entries: Iterable[Entry]) -> bytes:
    """Events to be put into another person's calendar (`REQUEST`) or taken out again (`CANCEL`;
    RFC 5546, 3.2). Times are in UTC, which needs no definition."""
    calendar = _calendar()
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_event(entry, house, ZoneInfo("UTC")))
    return bytes(calendar.to_ical())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def uid_of(house: str, key: str) -> str:
    """Stable for a row of this house, and nobody else's (RFC 7986, 5.3 asks for a UUID)."""
    return str(uuid5(NAMESPACE_URL, f"{house}/{key}"))


def initials(name: str) -> str:
    """`Paula O’Connor` → `P. O.`: enough to tell two visits apart, too little to name a person."""
    return " ".join(f"{word[0].upper()}." for word in name.split() if word[0].isalpha())


def _event(entry: Entry, house: str, zone: ZoneInfo) -> Event:
    local = zone if _can_be_told(entry, zone) else UTC
    event = Event()
    event.add("uid", uid_of(house, entry.key))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.modified.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", entry.modified.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", entry.start.astimezone(local))
    event.add("dtend", entry.end.astimezone(local))
    event.add("summary", vText(_line(entry.summary)))
    event.add("status", entry.status)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
    if entry.location:
        event.add("location", vText(_line(entry.location)))
    if entry.category:
        event.add("categories", [entry.category])
    if entry.organizer:
        event.add("organizer", vCalAddress(f"mailto:{entry.organizer}"))
    if entry.attendee:  # nobody is asked for an answer by mail
        attendee = vCalAddress(f"mailto:{entry.attendee}")
        attendee.params |= {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
        event.add("attendee", attendee)
    return event


def _line(text: str) -> str:
    """Without the control characters that RFC 5545, 3.1 leaves no place for."""
    return "".join(c for c in text if c in "\t\n" or (ord(c) >= 32 and ord(c) != 127))


def _can_be_told(entry: Entry, zone: ZoneInfo) -> bool:
    """Whether the wall clock says it: of an hour that comes twice, a local time means the first
    (RFC 5545, 3.3.5), so one in the second is written in UTC."""
    ends = (entry.start.astimezone(zone), entry.end.astimezone(zone))
    return _is_named(zone) and not any(moment.fold for moment in ends)


def _is_named(zone: ZoneInfo) -> bool:
    """UTC is written as a `Z` and needs no definition (RFC 5545, 3.3.5, form 2)."""
    return zone.key not in {"UTC", "Etc/UTC"}
