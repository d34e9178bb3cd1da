"""A course of values as a small line; its numbers stand beside it in words."""

from __future__ import annotations

from app.models.record.readings import Course

WIDTH, HEIGHT, EDGE = 96, 26, 3
MOST = 16


def sparkline(course: Course) -> list[str]:
    """The `points` of an SVG polyline for each measure, oldest first; none for a single value."""
    recent = course.readings[:MOST][::-1]
    if len(recent) < 2:
        return []
    lowest = min(min(reading.values) for reading in recent)
    span = max(max(reading.values) for reading in recent) - lowest or 1.0
    step = (WIDTH - 2 * EDGE) / (len(recent) - 1)
    return [
        " ".join(
            f"{EDGE + at * step:.1f},"
            f"{HEIGHT - EDGE - (reading.values[line] - lowest) / span * (HEIGHT - 2 * EDGE):.1f}"
            for at, reading in enumerate(recent)
        )
        for line in range(len(course.vital.measures))
    ]
