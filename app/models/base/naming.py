"""The name by which the rest of the world knows a row, wherever it is copied to."""

from __future__ import annotations

from uuid import uuid4


def new_identifier() -> str:
    """A name for a row that is made here: a UUID as a URN (RFC 9562), as FHIR bundles name theirs."""
    return f"urn:uuid:{uuid4()}"
