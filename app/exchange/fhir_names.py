"""How a row is named in a bundle, so that whoever reads it again recognises it.

A row keeps the key by which it came in, or the UUID that it was given here. A key that is a UUID is
the `fullUrl` itself; any other is told beside a UUID made from it, in an identifier of ours.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5

UUID_URN = re.compile(r"urn:uuid:([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
KEY_SYSTEM = "urn:clinic:key"
"""The identifier that holds the key of a row where its `fullUrl` does not."""
REPLACES = "urn:clinic:replaces"
"""The extension of a problem or an allergy that names the signed entry whose place it takes."""

Resource = dict[str, Any]


def full_url(kind: str, row: Any) -> str:
    """The `fullUrl` of a row in any bundle."""
    key = row.identifier or f"{type(row).__name__} {row.pk}"
    return key if UUID_URN.fullmatch(key) else f"urn:uuid:{uuid5(NAMESPACE_URL, f'{kind} {key}')}"


def begun(kind: str, row: Any) -> Resource:
    """A resource with its names and nothing else."""
    said: Resource = {
        "resourceType": kind,
        "id": full_url(kind, row).removeprefix("urn:uuid:"),
    }
    if row.identifier and not UUID_URN.fullmatch(row.identifier):
        said["identifier"] = [{"system": KEY_SYSTEM, "value": row.identifier}]
    return said


def reference(kind: str, row: Any, display: str | None = None) -> Resource:
    """A reference to another entry of the bundle."""
    return filled({"reference": full_url(kind, row), "display": display})


def filled(resource: Resource) -> Resource:
    """Without what is empty: FHIR knows no empty element."""
    return {key: value for key, value in resource.items() if value not in (None, "", [], {})}
