"""Lists as CSV (RFC 4180), streamed. It is read by programs and spreadsheets: English heads and stored
words, ISO 8601 and a decimal point, whatever language the page is in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context
from sqlalchemy.orm import Query

from app import database
from app.language import SOURCE, in_language
from app.views.generated.values import exported

RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 1000


def csv_response(
    route: str, labels: Iterable[Any], columns: list[str], query: Query[Any]
) -> Response:
    """All rows of `query`, one statement, never all in memory."""
    name = f"{route.strip('/')}.csv"
    with in_language(SOURCE):
        head = [str(label) for label in labels]
    return Response(
        stream_with_context(_lines(head, columns, query)),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def csv_of(name: str, rows: list[list[str]]) -> Response:
    """A small table, its head first, that is in memory already."""
    return Response(
        "".join(_line([safe(cell) for cell in row]) for row in rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}.csv"},
    )


def safe(text: str) -> str:
    """Text that a spreadsheet shows instead of running it as a formula
    (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{text}" if text.startswith(RISKY) else text


def _lines(labels: list[str], columns: list[str], query: Query[Any]) -> Iterator[str]:
    database.start_streaming()  # the request's own transaction ended when its headers left
    try:
        yield _line(labels)
        for row in query.yield_per(CHUNK):
            with in_language(SOURCE):
                cells = [safe(exported(getattr(row, column))) for column in columns]
            yield _line(cells)
    finally:
        query.session.close()


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
