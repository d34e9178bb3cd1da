"""What an e-mail address is, wherever one is kept or written to."""

from __future__ import annotations

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email


@lru_cache(maxsize=4096)
def email_of(said: str) -> str | None:
    """The address in its one spelling, or None where it is none."""
    try:
        return validate_email(said, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
