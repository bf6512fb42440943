"""What calls in pools raise is heard of, unless somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from mockserver.core.models import DueAttempt
from mockserver.transport.application.started_calls import StartedCalls

_DUE_AT = datetime(2026, 1, 1, tzinfo=UTC)
ATTEMPT = DueAttempt(1, "app", "https://shop.example/", 1, _DUE_AT, repeated=False, claim=1)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def fail() -> None:
    raise LookupError("no user")


def _result(future: Future[Any]) -> None:
    with suppress(LookupError):
        future.result()


def _exception(future: Future[Any]) -> None:
    future.exception()


def _completed(future: Future[Any]) -> None:
    for each in as_completed([future]):
        each.exception()


def _callback(future: Future[Any]) -> None:
    future.add_done_callback(lambda each: each.exception() and None)


@pytest.mark.parametrize("ask", [_result, _exception, _completed, _callback])
def test_what_somebody_asks_for_is_not_lost(
    pool: ThreadPoolExecutor, ask: Callable[[Future[Any]], None]
) -> None:
    calls = StartedCalls()
    with calls.heard(ATTEMPT):
        ask(pool.submit(fail))
    pool.shutdown()
    assert calls.take_lost() == []


def test_what_nobody_asks_for_is_lost_once(pool: ThreadPoolExecutor) -> None:
    calls = StartedCalls()
    with calls.heard(ATTEMPT):
        pool.submit(fail)
        pool.submit(int)
    pool.shutdown()
    [(attempt, error)] = calls.take_lost()
    assert (attempt, str(error)) == (ATTEMPT, "no user")
    assert calls.take_lost() == []


def test_what_goes_on_is_told_by_name_and_heard_of_later(pool: ThreadPoolExecutor) -> None:
    calls, go_on = StartedCalls(), threading.Event()

    def mail() -> None:
        go_on.wait(5)
        fail()

    with calls.heard(ATTEMPT):
        pool.submit(mail)
    [name] = calls.under_way()
    assert name.endswith("mail")
    assert calls.take_lost() == []
    go_on.set()
    pool.shutdown()
    assert calls.under_way() == []
    assert len(calls.take_lost()) == 1


def test_calls_of_others_are_theirs(pool: ThreadPoolExecutor) -> None:
    """Before, after, and in a thread that answers nothing."""
    calls, before = StartedCalls(), ThreadPoolExecutor.submit
    futures = [pool.submit(fail)]
    with calls.heard(ATTEMPT):
        other = threading.Thread(target=lambda: futures.append(pool.submit(fail)))
        other.start()
        other.join()
    futures.append(pool.submit(fail))
    assert ThreadPoolExecutor.submit is before
    pool.shutdown()
    assert calls.take_lost() == []
    assert len(futures) == 3


def test_one_within_another_hears_its_own(pool: ThreadPoolExecutor) -> None:
    """An endpoint can trigger: another application answers meanwhile."""
    outer, inner, before = StartedCalls(), StartedCalls(), ThreadPoolExecutor.submit
    with outer.heard(ATTEMPT):
        with inner.heard(ATTEMPT._replace(delivery_id=2)):
            pool.submit(fail)
        pool.submit(fail)
    assert ThreadPoolExecutor.submit is before
    pool.shutdown()
    assert [attempt.delivery_id for attempt, _ in inner.take_lost()] == [2]
    assert [attempt.delivery_id for attempt, _ in outer.take_lost()] == [1]


def test_what_a_callback_raises_is_lost(pool: ThreadPoolExecutor) -> None:
    def stored(future: Future[Any]) -> None:
        raise LookupError("no table")

    calls = StartedCalls()
    with calls.heard(ATTEMPT):
        future = pool.submit(int)
        future.add_done_callback(stored)
        future.add_done_callback(lambda each: None)
    pool.shutdown()
    [(attempt, error)] = calls.take_lost()
    assert attempt is ATTEMPT
    assert str(error) == "no table"
    assert calls.take_lost() == []


def test_a_callback_that_goes_on_is_told_by_the_name_of_its_call(pool: ThreadPoolExecutor) -> None:
    added, go_on, begun = threading.Event(), threading.Event(), threading.Event()

    def save() -> None:
        added.wait(5)
        raise LookupError("no user")

    def stored(future: Future[Any]) -> None:
        begun.set()
        go_on.wait(5)
        raise LookupError("no table")

    calls = StartedCalls()
    with calls.heard(ATTEMPT):
        pool.submit(save).add_done_callback(stored)
    added.set()
    assert begun.wait(5)
    [going_on] = calls.under_way()
    assert going_on.endswith(".save")
    assert calls.take_lost() == []
    go_on.set()
    pool.shutdown()
    assert calls.under_way() == []
    assert sorted(str(error) for _, error in calls.take_lost()) == ["no table", "no user"]
