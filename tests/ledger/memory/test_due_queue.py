"""What is due comes in order, first in first out on ties, whatever order it came in."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.ledger.memory.due_queue import DueQueue, Entry

MINUTE = timedelta(minutes=1)


def entries(minutes: list[int]) -> list[Entry]:
    return [
        (DEFAULT_START_AT + minute * MINUTE, order, 100 + order)
        for order, minute in enumerate(minutes)
    ]


def drain(queue: DueQueue, until_at: datetime, limit: int) -> list[Entry]:
    found: list[Entry] = []
    while popped := queue.pop_until(until_at, limit):
        assert len(popped) <= limit
        found += popped
    return found


@given(st.lists(st.integers(0, 600)), st.integers(1, 7))
def test_everything_comes_once_in_order(minutes: list[int], limit: int) -> None:
    queue = DueQueue()
    pushed = entries(minutes)
    for entry in pushed:
        queue.push(entry)
    assert drain(queue, DEFAULT_START_AT + 600 * MINUTE, limit) == sorted(pushed)
    assert queue.peek() is None


@given(st.lists(st.integers(0, 600)), st.integers(0, 600))
def test_nothing_comes_before_it_is_due(minutes: list[int], until: int) -> None:
    queue = DueQueue()
    pushed = entries(minutes)
    for entry in pushed:
        queue.push(entry)
    until_at = DEFAULT_START_AT + until * MINUTE
    assert drain(queue, until_at, 1000) == sorted(entry for entry in pushed if entry[0] <= until_at)
    later = sorted(entry for entry in pushed if entry[0] > until_at)
    assert queue.peek() == (later[0] if later else None)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=40))
def test_what_is_pushed_while_others_are_taken_keeps_its_place(
    pairs: list[tuple[int, int]],
) -> None:
    queue = DueQueue()
    waiting: list[Entry] = []
    for order, (minute, until) in enumerate(pairs):
        entry = (DEFAULT_START_AT + minute * MINUTE, order, order)
        queue.push(entry)
        waiting = sorted([*waiting, entry])
        until_at = DEFAULT_START_AT + until * MINUTE
        due = [item for item in waiting if item[0] <= until_at]
        assert drain(queue, until_at, 3) == due
        waiting = waiting[len(due) :]


def test_the_first_can_be_dropped() -> None:
    queue = DueQueue()
    queue.drop()
    for entry in entries([5, 1]):
        queue.push(entry)
    queue.drop()
    first = queue.peek()
    assert first is not None
    assert first[1] == 0
