"""A plot as a picture (PNG), for mail programs, which run no scripts: bars beside or on top of each
other, or lines. It is drawn at twice its size, for sharp screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1040, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 1020, 70, 420
INK, FAINT, PAPER = "#3b4a56", "#dde3e8", "#ffffff"
COLOURS = ("#0f6b6b", "#d9822b", "#5b7fb9", "#a64d79", "#7a8a3c", "#8a8f98")

Series = Sequence[Mapping[str, Any]]
"""Each with a `name` and its `values`, None where there is none."""


def plot(kind: str, labels: Sequence[str], series: Series) -> bytes:
    """`kind` is `stacked`, `lines`, or anything else for bars side by side."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    top = _round_up(_highest(kind, labels, series))
    _grid(draw, top)
    _legend(draw, [str(one["name"]) for one in series])
    step = (RIGHT - LEFT) / max(1, len(labels))
    for place, label in enumerate(labels):
        draw.text((LEFT + step * (place + 0.5), BOTTOM + 14), label, INK, _font(22), anchor="ma")
        if kind != "lines":
            _bars(draw, kind, [one["values"][place] or 0 for one in series], place, step, top)
    if kind == "lines":
        _lines(draw, series, step, top)
    buffer = BytesIO()
    image.quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _bars(draw: Any, kind: str, values: list[float], place: int, step: float, top: float) -> None:
    left, width, base = LEFT + step * (place + 0.15), step * 0.7, float(BOTTOM)
    for number, value in enumerate(values):
        colour, height = COLOURS[number % len(COLOURS)], (BOTTOM - TOP) * value / top
        if not value:
            continue
        if kind == "stacked":
            draw.rectangle((left, base - height, left + width, base), colour)
            base -= height
        else:
            part = width / len(values)
            at = left + part * number
            draw.rectangle((at, BOTTOM - height, at + part - 2, BOTTOM), colour)


def _lines(draw: Any, series: Series, step: float, top: float) -> None:
    for number, one in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        before = None
        for place, value in enumerate(one["values"]):
            if value is None:
                before = None  # a line over what is not known would claim to know it
                continue
            x, y = LEFT + step * (place + 0.5), BOTTOM - (BOTTOM - TOP) * value / top
            if before:
                draw.line((*before, x, y), colour, 5)
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), colour)
            before = x, y


def _grid(draw: Any, top: float) -> None:
    for part in range(5):
        y = BOTTOM - (BOTTOM - TOP) * part / 4
        draw.line((LEFT, y, RIGHT, y), FAINT, 2)
        draw.text((LEFT - 12, y), f"{top * part / 4:g}", INK, _font(22), anchor="rm")


def _legend(draw: Any, names: list[str]) -> None:
    x: float = LEFT
    whole = sum(draw.textlength(name, _font(24)) + 62 for name in names)
    size = int(24 * min(1, (RIGHT - LEFT) / max(1, whole)))
    for number, name in enumerate(names):
        draw.rectangle((x, 22, x + 22, 44), COLOURS[number % len(COLOURS)])
        draw.text((x + 32, 33), name, INK, _font(size), anchor="lm")
        x += 32 + draw.textlength(name, _font(size)) + 30 * size / 24


def _highest(kind: str, labels: Sequence[str], series: Series) -> float:
    columns = ([one["values"][place] or 0 for one in series] for place in range(len(labels)))
    return max((sum(c) if kind == "stacked" else max(c, default=0) for c in columns), default=0)


def _round_up(value: float) -> float:
    """A number at or above it that four lines divide well."""
    step = 4.0
    while step < value:
        step *= 2.5 if str(int(step))[0] == "4" else 2
    return step


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
