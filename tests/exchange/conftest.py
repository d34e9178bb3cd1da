"""Fixtures for the tests of what comes in."""

from __future__ import annotations

import pytest

from app.exchange import import_paths
from tests.exchange import bundles


@pytest.fixture
def bring_in(session, tmp_path):
    """Import one document and answer the report, which must name no failure."""

    def run(document, name="file.json"):
        path = bundles.write(tmp_path, name, document)
        report = import_paths(session, [path], now=bundles.NOW)
        assert report.failed == []
        return report

    return run
