"""What happened lately: numbered, bounded, and worth waiting for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver.delivery.feed import Feed, Happening

SOON_REAL_SECONDS = 5.0


def filled(count: int, kept: int = 10) -> Feed:
    feed = Feed(kept)
    for number in range(1, count + 1):
        feed.add("attempt", {"number": number})
    return feed


def sequences(happenings: list[Happening]) -> list[int]:
    return [happening.sequence for happening in happenings]


@pytest.mark.parametrize(
    ("most", "count"), [(1, 1), (1_503, 1), (1_504, 1), (3_007, 1), (3_008, 2), (9_999, 5)]
)
def test_a_page_of_it_has_a_bound_and_one_happening_at_least(most: int, count: int) -> None:
    feed = Feed()
    for _ in range(5):
        feed.add("rule", {"url": "x" * 1_004})
    page = feed.after(0, most_bytes=most)
    assert [each.sequence for each in page] == list(range(1, count + 1))
    assert feed.after(2, most_bytes=most)[0].sequence == 3


def test_happenings_are_numbered_from_one() -> None:
    feed = Feed()
    assert feed.last == 0
    feed.add("reset", {})
    feed.add("rule", {"added": 1})
    assert feed.last == 2
    assert feed.after(0) == [Happening(1, "reset", {}), Happening(2, "rule", {"added": 1})]


def test_only_what_is_newer_is_returned() -> None:
    feed = filled(5)
    assert sequences(feed.after(3)) == [4, 5]
    assert feed.after(5) == []
    assert feed.after(99) == [], "a number from before a restart is no mistake"


def test_the_oldest_are_dropped_and_their_numbers_show_it() -> None:
    feed = filled(25, kept=10)
    assert sequences(feed.after(0)) == list(range(16, 26))
    assert sequences(feed.after(10)) == list(range(16, 26))
    assert sequences(feed.after(15)) == list(range(16, 26))
    assert sequences(feed.after(20)) == list(range(21, 26))


def test_one_can_wait_for_the_next() -> None:
    feed = filled(1)
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(feed.after, 1, SOON_REAL_SECONDS)
        feed.add("event", {})
        assert sequences(waiting.result(SOON_REAL_SECONDS)) == [2]


def test_waiting_ends_when_time_is_up() -> None:
    assert filled(1).after(1, timeout_real_seconds=0.01) == []


def test_closing_wakes_whoever_waits_for_good() -> None:
    feed = filled(1)
    with ThreadPoolExecutor(2) as others:
        waiting = [others.submit(feed.after, 1, 60.0) for _ in range(2)]
        feed.close()
        assert [future.result(SOON_REAL_SECONDS) for future in waiting] == [[], []]
    assert feed.after(1, timeout_real_seconds=60.0) == []
    assert sequences(feed.after(0)) == [1], "what happened can still be read"
    assert feed.is_closed
    assert not filled(1).is_closed


def test_many_writers_leave_no_gap() -> None:
    feed = Feed(kept=10_000)
    begin = threading.Barrier(4)

    def write() -> None:
        begin.wait(SOON_REAL_SECONDS)
        for _ in range(500):
            feed.add("attempt", {})

    with ThreadPoolExecutor(4) as others:
        for future in [others.submit(write) for _ in range(4)]:
            future.result(SOON_REAL_SECONDS)
    assert sequences(feed.after(0)) == list(range(1, 2001))
