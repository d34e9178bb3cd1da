"""One CSV table read by the names of its columns, whatever their order and case."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from app.exchange.batch import Broken
from app.exchange.sources import read_file

ALIASES = {"DATE": "START"}
NAMES = {"START": "START or DATE"}


class Line(dict[str, str]):
    """One row; a column that this version of the format lacks reads as None."""

    where: str = ""

    def text(self, column: str) -> str | None:
        """The cell as it stands; None where it is absent or blank."""
        value = self.get(column, "")
        return value if value.strip() else None

    def need(self, column: str) -> str:
        """Raises Broken where the field is empty."""
        value = self.text(column)
        if value is None:
            raise Broken(f"{self.where} has an empty {column}.")
        return value


class Folder:
    """The CSV files of one folder, found whatever their case."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = {
            found.name.lower(): found
            for found in sorted(path.iterdir())
            if found.name.lower().endswith(".csv")
        }

    def lines(self, name: str, columns: tuple[str, ...]) -> Iterator[Line]:
        """The rows of `name`, which must have `columns`; raises Broken naming what is missing."""
        if name not in self.files:
            raise Broken(f"{name} is missing from the folder.")
        return _lines(name, _text(name, self.files[name]), columns)


def count_lines(path: Path) -> int:
    """How many lines follow the header; reads by blocks, whatever the size."""
    with path.open("rb") as handle:
        return max(0, sum(1 for _ in handle) - 1)


def _text(name: str, path: Path) -> str:
    try:
        text = read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Broken(f"{name} is not valid UTF-8 text.") from None
    except Broken as broken:
        raise Broken(f"{name}: {broken}") from None
    if "\0" in text:
        raise Broken(f"{name} contains the character NUL, which no record can hold.")
    return text


def _lines(name: str, text: str, columns: tuple[str, ...]) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [_column(title) for title in next(reader, [])]
        for column in columns:
            if column not in header:
                raise Broken(f"{name} has no column {NAMES.get(column, column)}.")
        for fields in reader:
            if not fields:
                continue
            where = f"{name}, line {reader.line_num},"
            if len(fields) != len(header):
                raise Broken(
                    f"{where} has {len(fields)} fields where the header has {len(header)}."
                )
            line = Line(zip(header, fields, strict=True))
            line.where = where.rstrip(",")
            yield line
    except csv.Error as error:
        raise Broken(f"{name}, line {reader.line_num}: {error}.") from None


def _column(title: str) -> str:
    upper = title.strip().upper()
    return ALIASES.get(upper, upper)
