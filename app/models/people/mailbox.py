"""What an e-mail address is, wherever one is kept or written to."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

SHAPE = re.compile(r"[^@\s]+@[^@\s]+")


@lru_cache(maxsize=4096)
def email_of(said: str) -> str | None:
    """The address in its one spelling, or None where nothing can be sent to it."""
    try:
        return validate_email(said, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def is_email(said: str) -> bool:
    """Whether it has the shape of one: also that of the house's own net, such as `ana@clinic.local`, to
    which nothing can be sent from here."""
    return SHAPE.fullmatch(said) is not None
