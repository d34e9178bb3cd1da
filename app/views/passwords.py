"""What a new password must be."""

from __future__ import annotations

from wtforms.validators import EqualTo, InputRequired, Length

SHORTEST_PASSWORD = 12

LONG_ENOUGH = Length(
    min=SHORTEST_PASSWORD, max=1000, message=f"At least {SHORTEST_PASSWORD} characters."
)
SAME = EqualTo("password", "The two passwords differ.")
NEEDED = InputRequired("This is needed.")
