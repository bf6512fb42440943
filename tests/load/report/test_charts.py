from __future__ import annotations

import pytest

from mockserver.load.report.charts import HEIGHT, WIDTH, Bar, chart


def bars(*values: int) -> list[Bar]:
    return [
        Bar(f"+{n}h", (("answered", value), ("failed", value // 2)))
        for n, value in enumerate(values)
    ]


def test_bars_stand_on_each_other_and_on_the_ground() -> None:
    drawn = chart("Attempts", bars(100, 0, 50), unit="/s")
    first, second, *_ = drawn.segments
    assert (first.kind, second.kind) == ("answered", "failed")
    assert first.y + first.height == pytest.approx(HEIGHT)
    assert second.y + second.height == pytest.approx(first.y, abs=0.02)
    assert second.y == pytest.approx(0, abs=0.02)
    assert first.title == "+0h: 100/s answered"
    assert drawn.top == "150/s"
    assert {segment.x for segment in drawn.segments} == {0.0, 666.67}


@pytest.mark.parametrize("count", [1, 2, 8, 9, 200])
def test_all_bars_are_within_the_drawing(count: int) -> None:
    drawn = chart("x", bars(*range(1, count + 1)), line=5, line_named="capacity")
    for segment in drawn.segments:
        assert 0 <= segment.x < segment.x + segment.width <= WIDTH + 1
        assert -1.1 <= segment.y < HEIGHT
    assert len(drawn.marks) <= 6


def test_what_is_little_can_be_seen() -> None:
    drawn = chart("x", bars(1_000_000, 1))
    assert min(segment.height for segment in drawn.segments) == 1


@pytest.mark.parametrize(
    ("line", "shown"), [(None, False), (50, True), (150, True), (300, True), (301, False)]
)
def test_a_line_is_drawn_where_it_does_not_flatten_the_bars(
    line: float | None, shown: bool
) -> None:
    drawn = chart("x", bars(100), line=line, line_named="capacity")
    assert (drawn.line_y is not None) == shown
    if drawn.line_y is not None:
        assert 0 <= drawn.line_y <= HEIGHT


def test_no_bars_are_no_error() -> None:
    assert chart("x", []).segments == ()
