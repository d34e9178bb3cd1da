"""What an event of the audit trail keeps beside its columns, as lines that people read.

An event keeps names as the program has them (`{"columns": ["contact_info"]}`); exports hand them on
as they are, the page says them in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from app.language import _, _k, _l
from app.spelling import counted, word
from app.views.generated.pages import Cell
from app.views.generated.values import show

LABELS: dict[str, Any] = {
    "by": _l("By means of"),
    "columns": _l("Columns that changed"),
    "doctor_id": _l("Of the doctor"),
    "feed_of_staff": _l("Calendar feed of the member of staff"),
    "file": _l("File"),
    "form": _l("As"),
    "known": _l("Known already"),
    "link": _l("Link in a message"),
    "name": _l("Name that was typed"),
    "new": _l("New rows"),
    "of": _l("Belonging to"),
    "page": _l("Page"),
    "proven": _l("Proven"),
    "query": _l("What was asked for"),
    "rows": _l("Rows"),
    "section": _l("Section"),
    "sessions": _l("Sessions"),
    "skipped": _l("Left out"),
    "what": _l("What was done"),
    "words": _l("Searched for"),
}
ACTIONS = (
    _k("Export"), _k("Sign-in"), _k("Sign-out"), _k("Sign-in paused"), _k("Session ended"),
    _k("Unlock"), _k("Restore"), _k("Import"), _k("Resend"), _k("Get"), _k("Post"),
    _k("Break glass"), _k("Restored"),
)  # fmt: skip
"""What an event can say was done that no table declares."""
AS_TYPED = ("file", "form", "name", "of", "words")
"""Of these the words are a person's or a format's own, not the program's."""


def lines(detail: Mapping[str, Any] | None) -> list[tuple[str, Cell]]:
    """A label and a value for each thing that `detail` keeps and that says something."""
    found = []
    for key, value in (detail or {}).items():
        said = _said(key, value)
        if said:
            found.append((str(LABELS.get(key) or word(key)), Cell(said)))
    return found


def moment(text: str | None) -> str | None:
    """An instant in ISO 8601, which is the number of a backup, as the clinic's clock shows it; any
    other text as it is."""
    try:
        return show(datetime.fromisoformat(text or ""))
    except ValueError:
        return text


def _said(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(name, count)}" for name, count in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_said(key, item) for item in value)
    if isinstance(value, bool) or value is None:
        return show(value)
    if isinstance(value, (int, float)):
        return counted(value)
    if key == "query":
        return _question(value)
    return value if key in AS_TYPED or not value else word(value)


def _question(query: str) -> str:
    """`_flt_0_name=An&psize=50` → “Name: An, psize: 50”; where only names were kept, those."""
    pairs = parse_qsl(query) or [(name, "") for name in query.split()]
    return ", ".join(f"{_asked(name)}: {value}" if value else _asked(name) for name, value in pairs)


def _asked(name: str) -> str:
    if name == "q":
        return _("Searched for")
    parts = name.strip("_").split("_")
    if parts[0] == "flt" and len(parts) > 2:
        parts = parts[2:]
    elif parts[0].startswith("flt"):
        parts = parts[1:-1] or parts
    return word("_".join(parts))
