"""Figures are written alike in every format."""

from __future__ import annotations

import pytest

from mockserver.load.report import figures
from tests.load.crews import needs_locust
from tests.load.reported import facts, nothing_sent

pytestmark = needs_locust


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.00001, "0.001 %"),
        (0.0004, "0.04 %"),
        (0.9999, "99.9 %"),
        (0.0999, "10 %"),
        (0.12345, "12.3 %"),
    ],
)
def test_only_nothing_is_nothing_and_only_all_is_all(part: float, shown: str) -> None:
    assert figures.share(part) == shown


@pytest.mark.parametrize(("number", "shown"), [(0.5, "0.5/s"), (9.6, "9.6/s"), (1234.4, "1,234/s")])
def test_rates(number: float, shown: str) -> None:
    assert figures.rate(number) == shown


def test_a_headline_says_what_came_of_it() -> None:
    assert figures.headline(facts()) == "24 of 30 postbacks delivered; it takes 10/s"
    assert figures.headline(nothing_sent()) == "nothing was sent"
    found = facts()
    found["capacity"]["is_bounded"] = False
    assert figures.headline(found).endswith("it takes at least 10/s")
    found["capacity"]["highest"] = None
    assert figures.headline(found).endswith("not even the first step was passed")


def test_counts_have_their_meanings() -> None:
    assert figures.counted(facts()) == [
        ("delivered", 24, "answered 2xx"),
        ("failed", 4, "4 x 503"),
        ("not sent", 2, "no connection was free in time"),
    ]
    found = facts()
    found["unsent"]["another"] = 1
    assert figures.counted(found)[2][2] == "2: no connection was free in time; 1: another"
