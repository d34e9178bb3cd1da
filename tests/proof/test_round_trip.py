"""All 100 sample bundles go out as they came in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from app.extensions import db
from tests.exchange.round_trip import KINDS, round_trip

ALL = 100


@pytest.mark.proof
def test_no_statement_of_the_whole_sample_is_lost_or_altered(
    sqlite_app: Flask, tmp_path: Path
) -> None:
    with sqlite_app.app_context():
        came, differ = round_trip(db.session(), tmp_path, ALL)
        db.session.remove()
    assert set(came) == set(KINDS)
    assert differ == Counter()
