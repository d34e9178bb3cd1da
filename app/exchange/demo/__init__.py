"""The demo clinic: made-up people in a clinic that is busy right now."""

from app.exchange.demo.build import build, is_there
from app.exchange.demo.counts import Counts
from app.exchange.demo.logins import PASSWORD, USERNAMES

__all__ = ["PASSWORD", "USERNAMES", "Counts", "build", "is_there"]
