"""When what an endpoint stores can be counted."""

from __future__ import annotations

import pytest

from contracts.verify import storage
from contracts.verify.postbacks import Composer, Subscription
from contracts.verify.storage import Storage, StorageDelay
from mockserver.client.probe import FunctionProbe
from mockserver.core.template import Template

URL = "http://partner.test/in?user={{User ID}}&at={{Trigger time}}"


class Queue:
    """Stores events some time after it took them, on a time of its own."""

    def __init__(self, late_by: float) -> None:
        self.now = 100.0
        self.late_by = late_by
        self.taken: list[tuple[float, str]] = []

    def take(self, key: str, *, after: float = 0.0) -> None:
        self.taken.append((self.now + self.late_by + after, key))

    def stored(self) -> list[str]:
        return [key for at, key in self.taken if at <= self.now]

    def monotonic(self) -> float:
        return self.now

    def sleep(self, real_seconds: float) -> None:
        self.now += real_seconds


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue(1.0)
    monkeypatch.setattr(storage, "time", queue)
    return queue


def seen(
    queue: Queue, *, counts: bool, was_sent: bool = True, delay: StorageDelay | None = None
) -> Storage:
    def ask() -> list[str] | int:
        return len(queue.stored()) if counts else queue.stored()

    return Storage(FunctionProbe(ask), "postbacks-verify-r", delay or StorageDelay(), 3.0, was_sent)


def test_a_number_does_not_hold_what_was_sent_before(queue: Queue) -> None:
    lent = seen(queue, counts=True)
    for number in range(50):
        queue.take(f"u-{number}", after=number / 100)
    assert lent.at_rest().count == 50
    assert lent.delay.real_seconds == pytest.approx(1.5, abs=0.2)
    # From now on it is known how long to wait, whatever was found so far.
    queue.take("one")
    assert lent.at_rest().count == 51


def test_who_stores_at_once_is_watched_once(queue: Queue) -> None:
    queue.late_by = 0.0
    lent = seen(queue, counts=True)
    queue.take("one")
    assert lent.at_rest().count == 1
    assert queue.now == pytest.approx(103.0, abs=0.2)
    began = queue.now
    queue.take("two")
    assert lent.at_rest(count=2).count == 2
    assert queue.now == began


@pytest.mark.parametrize(("counts", "was_sent"), [(True, False), (False, True)])
def test_nothing_is_waited_for_without_need(queue: Queue, counts: bool, was_sent: bool) -> None:
    lent = seen(queue, counts=counts, was_sent=was_sent)
    assert lent.at_rest().count == 0
    assert queue.now == 100.0


@pytest.mark.parametrize("counts", [True, False])
def test_what_is_stored_twice_is_seen_although_it_is_late(queue: Queue, counts: bool) -> None:
    postback = Composer(Subscription(Template(URL)), "r").make()
    queue.take(postback.key)
    queue.take(postback.key, after=0.5)
    assert seen(queue, counts=counts).at_rest([postback], count=1).count == 2


def test_a_queue_that_was_late_once_is_not_waited_for_as_long_for_ever(queue: Queue) -> None:
    composer = Composer(Subscription(Template(URL)), "r")
    lent = seen(queue, counts=False)
    many = [composer.make() for _ in range(80)]
    queue.late_by = 0.0
    for number, postback in enumerate(many):
        queue.take(postback.key, after=number / 40)
    assert lent.at_rest(many).count == 80
    assert lent.delay.lately == pytest.approx(2.0, abs=0.2)
    queue.late_by = 0.02
    took = []
    for _ in range(8):
        began = queue.now
        postback = composer.make()
        queue.take(postback.key)
        queue.take(postback.key, after=0.02)
        assert len(lent.at_rest([postback]).of(postback)) == 2
        took.append(queue.now - began)
    assert max(took[:4]) > 2
    assert max(took[5:]) < 0.3
    assert lent.delay.real_seconds == pytest.approx(2.0, abs=0.2)


def test_who_stores_at_once_again_is_not_waited_for(queue: Queue) -> None:
    composer = Composer(Subscription(Template(URL)), "r")
    lent = seen(queue, counts=False)
    for late_by in (1.0, *[0.0] * 5):
        queue.late_by = late_by
        postback = composer.make()
        queue.take(postback.key)
        assert lent.at_rest([postback]).of(postback)
    began = queue.now
    assert lent.at_rest([postback]).of(postback)
    assert queue.now == began


def test_events_of_one_user_are_all_waited_for(queue: Queue) -> None:
    postback = Composer(Subscription(Template(URL)), "r").make()
    for number in range(4):
        queue.take(postback.key, after=number / 2)
    stored = seen(queue, counts=False).at_rest([postback], times=4, count=4)
    assert len(stored.of(postback)) == 4


@pytest.mark.parametrize("counts", [True, False])
def test_it_is_not_waited_for_for_ever(queue: Queue, counts: bool) -> None:
    postback = Composer(Subscription(Template(URL)), "r").make()
    lent = seen(queue, counts=counts)
    lent.at_rest([postback], count=1)
    assert queue.now <= 106.3
    # What never came says nothing of how long storing takes.
    assert not lent.delay.real_seconds
