"""What is remembered never outlives a change, whoever reads meanwhile."""

from __future__ import annotations

import pytest

from mockserver.ledger.sql.remembered import Remembered
from tests.ledger.test_concurrency import at_once


def test_a_value_is_read_once() -> None:
    remembered: Remembered[str, str] = Remembered(on=True)
    read: list[str] = []

    def upper(key: str) -> str:
        read.append(key)
        return key.upper()

    assert [remembered.get(key, upper) for key in "aabba"] == list("AABBA")
    assert read == ["a", "b"]


def test_it_can_be_turned_off() -> None:
    remembered: Remembered[str, int] = Remembered(on=False)
    values = iter([1, 2])
    assert [remembered.get("a", lambda _: next(values)) for _ in range(2)] == [1, 2]


def test_a_change_forgets_even_if_it_fails() -> None:
    remembered: Remembered[str, int] = Remembered(on=True)
    remembered.get("a", lambda _: 1)
    with pytest.raises(ValueError, match="no"), remembered.changing():
        raise ValueError("no")
    assert remembered.get("a", lambda _: 2) == 2


def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    remembered: Remembered[str, int] = Remembered(on=True)

    def read_while_it_changes(_: str) -> int:
        with remembered.changing():
            pass
        return 1

    assert remembered.get("a", read_while_it_changes) == 1
    assert remembered.get("a", lambda _: 2) == 2


def test_it_does_not_grow_without_bounds() -> None:
    remembered: Remembered[int, int] = Remembered(on=True)
    for key in range(5000):
        remembered.get(key, lambda key: key)
    assert len(remembered._values) == 1000


def test_whoever_reads_after_a_change_sees_it() -> None:
    remembered: Remembered[str, int] = Remembered(on=True)
    stored = [0]

    def work(number: int) -> None:
        for value in range(1, 2000):
            if number == 0:
                with remembered.changing():
                    stored[0] = value
                assert remembered.get("a", lambda _: stored[0]) == value
            else:
                remembered.get("a", lambda _: stored[0])

    at_once(4, work)
