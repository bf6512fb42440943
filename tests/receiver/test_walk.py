"""Tests that an inbox goes through its behaviours in order, each as often as it says."""

from __future__ import annotations

import pytest

from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.walk import Walk


@pytest.mark.parametrize(
    ("script", "served"),
    [
        ("204", ["204"] * 4),
        ("503*2,200", ["503", "503", "200", "200", "200"]),
        ("503,422*2", ["503", "422", "422", "422", "422"]),
        ("hang,reset,200", ["hang", "reset", "200", "200"]),
    ],
)
def test_the_last_behaviour_goes_on_for_ever(script: str, served: list[str]) -> None:
    walk = Walk(parse_script(script))
    assert [walk.step()[1] for _ in served] == served


def test_its_size_is_that_of_all_its_behaviours() -> None:
    script = parse_script("503*2,200")
    assert Walk(script).size == sum(behaviour.size for behaviour in script)
