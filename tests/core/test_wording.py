"""Tests numbers with their nouns, for one and many and with a plural of its own."""

from __future__ import annotations

import pytest

from mockserver.core.wording import count


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 attempts"),
        (1, "1 attempt"),
        (2, "2 attempts"),
        (1_200, "1,200 attempts"),
    ],
)
def test_one_and_many(number: int, expected: str) -> None:
    assert count(number, "attempt") == expected


@pytest.mark.parametrize(
    ("number", "noun"), [(0, "deliveries"), (1, "delivery"), (2, "deliveries")]
)
def test_a_plural_of_its_own(number: int, noun: str) -> None:
    assert count(number, "delivery", "deliveries") == f"{number} {noun}"
