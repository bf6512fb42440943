from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mockserver.load.choices import ShapeChoices, chosen_stream
from mockserver.load.drawing import (
    COLUMNS,
    ROWS,
    arrivals_lines,
    described,
    plan_lines,
    rounded,
    slice_of,
)
from mockserver.load.plan import Arrivals, arrivals_of
from tests.load.plans import ALWAYS, HOUR, plan_of

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("outages", [(), ALWAYS, ((0 * HOUR, HOUR), (2 * HOUR, 3 * HOUR))])
def test_no_line_is_wider_than_a_terminal(outages: tuple[tuple[timedelta, timedelta], ...]) -> None:
    lines = plan_lines(plan_of(10, outages), "█")
    assert max(map(len, lines)) <= COLUMNS
    assert sum("outage: answers 503" in line for line in lines) == len(outages)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    "seconds", [0, 1, 23, 24, 25, 59, 3600, 86_399, 86_400, 25 * 3600, 30 * 86_400, 366 * 86_400]
)
def test_arrivals_fit_into_some_rows_whatever_their_length(seconds: int) -> None:
    lasts = seconds * SECOND
    every = slice_of(lasts)
    rows = lasts // every + 1
    assert rows <= ROWS
    assert rows > ROWS / 3 or every == SECOND or seconds > 86_400 * 20
    arrivals = Arrivals(3, lasts, {0: 1, seconds: 2} if seconds else {0: 3})
    stream = chosen_stream(ShapeChoices(audience="3")).as_json()
    drawn = [line for line in arrivals_lines(stream, arrivals) if re.match(r" *\+", line)]
    assert len(drawn) == rows
    assert "#" in drawn[0]
    assert "#" in drawn[-1]


def test_a_bar_is_as_long_as_its_share_of_the_busiest() -> None:
    arrivals = Arrivals(15, 2 * SECOND, {0: 10, 2: 5})
    stream = chosen_stream(ShapeChoices(audience="3")).as_json()
    bars = [line.count("#") for line in arrivals_lines(stream, arrivals)[-3:]]
    assert bars == [41, 0, 20]


def test_hours_in_which_little_happens_are_one_row() -> None:
    stream = chosen_stream(ShapeChoices(audience="2k"))
    plan = plan_of(20)
    assert arrivals_of(stream).lasts > 10 * HOUR
    text = "\n".join(plan_lines(plan))
    assert re.search(r"^ +\+0h +1,200 +0 +0 +20 +#+$", text, re.M)
    assert re.search(r"^ +\+24h +1,200 +0 +0 +20 +#+$", text, re.M)


def test_every_shape_is_described(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text('{"event": "push.open", "after": "1s"}')
    said = {
        "campaign": "campaign to 7 users (push 70%, email 30%)",
        "constant": "shape constant: email.click, seed 0",
        str(file): f"recorded in {file}",
    }
    chosen = {
        "campaign": ShapeChoices(audience="7"),
        "constant": ShapeChoices(shape="constant", rate="1/s", duration="1s"),
        str(file): ShapeChoices(shape=str(file)),
    }
    for shape, first in said.items():
        assert described(chosen_stream(chosen[shape]).as_json())[0] == first


@pytest.mark.parametrize(
    ("pace", "words"),
    [("blast", "sent all at once, seed 0"), ("minutes", "in bursts of a minute at 10,000/s")],
)
def test_the_pace_is_described(pace: str, words: str) -> None:
    stream = chosen_stream(ShapeChoices(audience="7", pace=pace)).as_json()
    assert words in described(stream)[1]


def test_long_durations_are_rounded() -> None:
    assert rounded(timedelta(hours=23, seconds=5.6)) == "23h6s"
    assert rounded(timedelta(seconds=5.25)) == "5.25s"
