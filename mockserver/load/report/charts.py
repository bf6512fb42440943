"""Works out where the bars of a chart stand, for a template that draws them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000
HEIGHT = 220
#: Room for what is written below the bars.
BELOW = 24
#: No chart has more bars.
MOST_BARS = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar; lengths are those of the drawing."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is ready to be drawn.

    Attributes:
        name: What it shows, for who does not see it.
        segments: All parts of all bars.
        marks: Where something is written below, and what.
        top: What the highest bar stands for, in words.
        line_y: The height of a line across; None for no line.
        line: What the line stands for.
    """

    name: str
    segments: tuple[Segment, ...]
    marks: tuple[tuple[float, str], ...]
    top: str
    line_y: float | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar stands for.

    Attributes:
        label: Where it stands, in words.
        parts: Kinds and values, from the bottom up.
    """

    label: str
    parts: tuple[tuple[str, int], ...]


def chart(
    name: str,
    bars: Sequence[Bar],
    *,
    unit: str = "",
    line: float | None = None,
    line_named: str = "",
) -> Chart:
    """Return a chart of some bars.

    Args:
        name: What it shows.
        bars: From left to right, `MOST_BARS` at most.
        unit: What stands behind numbers.
        line: The value of a line across.
        line_named: What the line stands for.
    """
    highest = max([sum(value for _, value in bar.parts) for bar in bars] + [1])
    scale = HEIGHT / max(highest, min(line or 0, 2 * highest))
    pitch = WIDTH / max(1, len(bars))
    segments = []
    for place, bar in enumerate(bars):
        below = 0.0
        for kind, value in bar.parts:
            if not value:
                continue
            # What is there can be seen, however little.
            height = max(1.0, value * scale)
            x, y = round(place * pitch, 2), round(HEIGHT - below - height, 2)
            title = f"{bar.label}: {value:,}{unit} {kind}"
            width = round(max(1.0, pitch - 1), 2)
            segments.append(Segment(kind, x, y, width, round(height, 2), title))
            below += height
    every = max(1, -(-len(bars) // 6))
    marks = tuple(
        (round(place * pitch, 2), bar.label)
        for place, bar in enumerate(bars)
        if place % every == 0 and place * pitch < WIDTH - 60
    )
    is_shown = line is not None and line <= 2 * highest
    line_y = round(HEIGHT - line * scale, 2) if line is not None and is_shown else None
    return Chart(name, tuple(segments), marks, f"{highest:,}{unit}", line_y, line_named)
