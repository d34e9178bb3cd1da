"""Why a message did not go: kept in English, whoever's worker wrote it, and said in the language of
who reads it."""

from __future__ import annotations

import re
from functools import cache

from app.language import _, _k

KEPT = _k("Kept here: nothing is set up to send it.")
STOPPED = _k("The worker that was sending it stopped.")
BROKE = _k("The connection broke while it was sent (%(error)s).")
NO_MAIL_LOGIN = _k("The mail server did not take our name and password.")
NO_MAIL = _k("The mail server cannot be reached (%(error)s).")
MAIL_SAID = _k("The mail server said %(code)s: %(words)s")
NO_PROVIDER = _k("SMS_URL is no address of a text message provider.")
NO_SMS = _k("The text message provider cannot be reached.")
NO_SMS_LOGIN = _k("The text message provider did not let us in (%(code)s).")
SMS_SAID = _k("The text message provider said %(code)s.")
SMS_REFUSED = _k("The text message provider refused it (%(code)s).")
WORDS = _k("Its words cannot be filled in: %(error)s")
FILLED = (BROKE, NO_MAIL, MAIL_SAID, NO_SMS_LOGIN, SMS_SAID, SMS_REFUSED, WORDS)
"""Those that say something of the other side, or of the error."""


def retold(reason: str) -> str:
    """What is kept of a message as its reader says it; words of a mail server stay its own."""
    for english in FILLED:
        if found := _pattern(english).fullmatch(reason):
            return _(english, **found.groupdict())
    return _(reason)


@cache
def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", english)
    return re.compile(
        "".join(f"(?P<{part}>.*)" if at % 2 else re.escape(part) for at, part in enumerate(parts)),
        re.DOTALL,
    )
