"""Who may hold the clock lock: settles leave it to its holder, advances wait or are refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from mockserver.core.errors import AdvanceInProgress
from mockserver.time.clock_lock import ClockLock

SOON_REAL_SECONDS = 5.0


def test_a_settle_takes_a_free_lock_and_gives_it_back() -> None:
    lock = ClockLock()
    assert lock.begin_settling()
    assert not lock.is_advancing
    assert lock.end() is False
    assert lock.begin_settling()


def test_a_second_settle_leaves_the_work_to_the_first() -> None:
    lock = ClockLock()
    assert lock.begin_settling()
    assert not lock.begin_settling()
    assert not lock.begin_settling()
    assert lock.end() is True
    assert lock.begin_settling()
    assert lock.end() is False, "it is asked for one more look once"


def test_a_settle_during_an_advance_leaves_the_work_to_it() -> None:
    lock = ClockLock()
    with lock.advancing():
        assert lock.is_advancing
        assert not lock.begin_settling()
    assert not lock.is_advancing
    assert lock.begin_settling()


def test_an_advance_within_an_advance_is_refused() -> None:
    lock = ClockLock()
    with lock.advancing():
        with pytest.raises(AdvanceInProgress, match="an attempt has called"), lock.advancing():
            pytest.fail("the lock was handed out twice")
        assert lock.is_advancing, "the refusal leaves the first one in place"


def test_an_advance_within_a_settle_of_the_same_thread_is_refused() -> None:
    lock = ClockLock()
    assert lock.begin_settling()
    with pytest.raises(AdvanceInProgress), lock.advancing():
        pytest.fail("the lock was handed out twice")
    lock.end()
    with lock.advancing():
        assert lock.is_advancing


def test_an_advance_by_a_thread_that_the_settle_waits_for_is_refused() -> None:
    lock = ClockLock()
    refusals: list[AdvanceInProgress] = []

    def advance() -> None:
        try:
            with lock.advancing():
                pytest.fail("the lock was handed out twice")
        except AdvanceInProgress as refusal:
            refusals.append(refusal)

    assert lock.begin_settling()
    within = threading.Thread(target=copy_context().run, args=(advance,), daemon=True)
    within.start()
    within.join(SOON_REAL_SECONDS)
    assert ["an attempt has called" in str(refusal) for refusal in refusals] == [True]
    lock.end()
    with lock.advancing():
        assert lock.is_advancing


def test_an_advance_of_another_thread_is_refused_at_once() -> None:
    lock = ClockLock()

    def advance() -> None:
        with lock.advancing():
            pytest.fail("the lock was handed out twice")

    with ThreadPoolExecutor(1) as other, lock.advancing():
        refusal = other.submit(advance).exception(timeout=SOON_REAL_SECONDS)
    assert isinstance(refusal, AdvanceInProgress)
    assert "advanced already" in str(refusal)


def test_an_advance_waits_for_a_settle_of_another_thread() -> None:
    lock = ClockLock()
    assert lock.begin_settling()
    order: list[str] = []
    begun = threading.Event()

    def advance() -> None:
        begun.set()
        with lock.advancing():
            order.append("advance")

    with ThreadPoolExecutor(1) as other:
        future = other.submit(advance)
        assert begun.wait(SOON_REAL_SECONDS)
        order.append("settle")
        lock.end()
        future.result(timeout=SOON_REAL_SECONDS)
    assert order == ["settle", "advance"]


def test_an_error_gives_the_lock_back() -> None:
    lock = ClockLock()
    with pytest.raises(ZeroDivisionError), lock.advancing():
        raise ZeroDivisionError
    with lock.advancing():
        assert lock.is_advancing


def test_many_threads_never_hold_it_at_once() -> None:
    lock = ClockLock()
    holders: list[int] = []
    most: list[int] = []

    def settle_often() -> None:
        for _ in range(200):
            while lock.begin_settling():
                holders.append(1)
                most.append(len(holders))
                holders.pop()
                if not lock.end():
                    break

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(settle_often) for _ in range(4)]:
            future.result(timeout=SOON_REAL_SECONDS)
    assert set(most) == {1}
