"""Places the seconds of a load in charts: lines over time, as points of SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

#: Of a chart, in units of SVG; the lines lie within the margins.
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 960, 260, 64, 24, 24, 10
#: A chart has no more points than can be seen.
MOST_POINTS = 320


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart.

    Attributes:
        name: What it shows.
        css: The class that gives it its look.
        points: As `points` of a `polyline`.
    """

    name: str
    css: str
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the seconds of a load.

    Attributes:
        lines: From the back to the front.
        ticks: Heights with the values that they stand for.
        times: Places with the seconds that they stand for.
    """

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, float], ...]
    times: tuple[tuple[float, int], ...]


Value = Callable[[Sequence[Mapping[str, Any]]], float]


def chart(seconds: Sequence[Mapping[str, Any]], lines: Sequence[tuple[str, str, Value]]) -> Chart:
    """Return a chart.

    Args:
        seconds: Those of a report.
        lines: A name, a class, and what gives the value of some seconds together.
    """
    bins = _bins(seconds)
    values = [[value(each) for _, each in bins] for _, _, value in lines]
    top = _round_up(max((each for line in values for each in line), default=0.0))
    last = max(1, bins[-1][0] if bins else 1)
    drawn = [
        Line(
            name,
            css,
            " ".join(
                f"{_x(second, last):.1f},{_y(each, top):.1f}"
                for (second, _), each in zip(bins, line, strict=True)
            ),
        )
        for (name, css, _), line in zip(lines, values, strict=True)
    ]
    ticks = tuple((_y(top * part / 4, top), top * part / 4) for part in range(5))
    every = max(1, ceil(last / 8))
    times = tuple((_x(second, last), second) for second in range(0, last + 1, every))
    return Chart(tuple(drawn), ticks, times)


def per_second(name: str) -> Value:
    """Return what gives the mean of a count."""
    return lambda seconds: sum(each[name] for each in seconds) / len(seconds)


def highest(name: str) -> Value:
    """Return what gives the highest of a duration."""
    return lambda seconds: max(each[name] for each in seconds)


def _bins(
    seconds: Sequence[Mapping[str, Any]],
) -> list[tuple[int, list[Mapping[str, Any]]]]:
    """Return the seconds in groups, each with the number of its first, without gaps."""
    if not seconds:
        return []
    known = {each["second"]: each for each in seconds}
    last = max(known)
    size = ceil((last + 1) / MOST_POINTS)
    nothing = dict.fromkeys(seconds[0], 0)
    return [
        (
            first,
            [known.get(number, nothing) for number in range(first, min(first + size, last + 1))],
        )
        for first in range(0, last + 1, size)
    ]


def _x(second: int, last: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * second / last


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _round_up(value: float) -> float:
    """Return a round number that is not less, so that a chart's heights can be read."""
    if value <= 0:
        return 1.0
    unit = 10 ** (ceil(log10(value)) - 1)
    return next(float(unit * each) for each in (1, 2, 4, 6, 8, 10, 20) if unit * each >= value)
