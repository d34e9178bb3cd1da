"""JSON as it leaves: what orjson cannot write is still written."""

from __future__ import annotations

import gc
from datetime import date
from decimal import Decimal

from flask import Flask, jsonify


def test_an_answer_holds_what_programs_can_read(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        answer = jsonify({"keys": ("a", 1), 2: Decimal("1.5"), "day": date(2026, 5, 4)})
    assert answer.mimetype == "application/json"
    assert answer.get_json() == {
        "keys": ["a", 1], "2": "1.5", "day": "Mon, 04 May 2026 00:00:00 GMT"
    }  # fmt: skip


def test_half_a_character_and_an_endless_number_are_answered(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        answer = jsonify({"\ud800": 2**70})
    assert answer.get_json() == {"\ud800": 2**70}


def test_what_the_start_made_is_not_searched_for_garbage(sqlite_app: Flask) -> None:
    assert gc.get_freeze_count() > 100_000
