"""What stands for a person as long as their roles and keys do: made once, then kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, wraps
from typing import Any, TypeVar

from app.security.actor import Actor
from app.security.policy import of_the_application

Made = TypeVar("Made")
PERSONS = 500
"""Of so many, those who asked last."""


def once_a_person(make: Callable[..., Made]) -> Callable[..., Made]:
    """`make(person, …)` follows from the grants, the person's roles and keys, and the other
    arguments alone, such as a statement in their scope: to put one together costs more than to send
    it. Not for clinical tables: whose chart is open to whom changes with time."""

    @lru_cache(maxsize=PERSONS)
    def made(_policy: Any, person: Actor, *more: Any) -> Made:
        return make(person, *more)

    @wraps(make)
    def kept(person: Actor, *more: Any) -> Made:
        return made(of_the_application(), replace(person, unread=0), *more)

    return kept
