"""A browser's or program's name from what it says of itself (RFC 9110, User-Agent)."""

from __future__ import annotations

BROWSERS = (
    # what to look for, in the order in which one browser pretends to be another
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
LONGEST = 100


def device_name(agent: str) -> str | None:
    """“Firefox (Windows)”, which every language reads; a program's first word; None where nothing was said."""
    browser = next((name for sign, name in BROWSERS if sign in agent), None)
    system = next((name for sign, name in SYSTEMS if sign in agent), None)
    if browser and system:
        return f"{browser} ({system})"
    said = browser or system or "".join(filter(str.isprintable, agent)).strip().partition(" ")[0]
    return said[:LONGEST] or None
