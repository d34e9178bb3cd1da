"""What `make bench` measures of the figures and homes beside the SQL they send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SECTIONS = ("visits", "missed", "use", "times", "access", "people", "codes", "messages", "system")

Operation = tuple[str, Callable[[], Any]]


def operations(sign_in: Callable[[str], Any]) -> list[Operation]:
    """Each section over the last 24 months, and each role's home; `sign_in` answers the client
    in which a role is signed in."""
    admin = sign_in("admin")
    found = [
        (f"analytics, 24 months: {key}", _getter(admin, f"/analytics/?days=730&section={key}"))
        for key in SECTIONS
    ]
    homes = [
        (f"home of the {role}", _getter(sign_in(role), "/"))
        for role in ("admin", "doctor", "nurse", "receptionist")
    ]
    return [*found, *homes]


def _getter(client: Any, path: str) -> Callable[[], Any]:
    return lambda: client.get(path)
