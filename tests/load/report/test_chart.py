"""Lines of a chart lie within it, whatever the load."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.load.report.chart import HEIGHT, MOST_POINTS, WIDTH, chart, highest, per_second


def seconds(count: int, planned: int = 5) -> list[dict[str, Any]]:
    return [{"second": n, "planned": planned, "p99": n / 10} for n in range(count)]


LINES = [("planned", "planned", per_second("planned")), ("p99", "p99", highest("p99"))]


@pytest.mark.parametrize("count", [0, 1, 2, 100, 319, 320, 321, 5000])
def test_points_lie_in_the_chart_and_are_not_too_many(count: int) -> None:
    for line in chart(seconds(count), LINES).lines:
        points = [tuple(map(float, each.split(","))) for each in line.points.split()]
        assert len(points) <= MOST_POINTS
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_a_second_without_anything_is_drawn_as_nothing() -> None:
    gap = [{"second": 0, "planned": 4}, {"second": 2, "planned": 4}]
    [line] = chart(gap, [("planned", "planned", per_second("planned"))]).lines
    heights = [float(each.split(",")[1]) for each in line.points.split()]
    assert heights[1] > heights[0] == heights[2]


def test_heights_are_round_numbers_and_the_highest_is_shown() -> None:
    drawn = chart(seconds(3, 731), LINES)
    assert [value for _, value in drawn.ticks] == [0, 200, 400, 600, 800]
