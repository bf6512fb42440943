"""Who may hold the wheel: settles leave it to its holder, advances wait or are refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from mockserver.core.errors import AdvanceInProgress
from mockserver.time.clock_lock import Drive

SOON_REAL_SECONDS = 5.0


def test_a_settle_takes_a_free_wheel_and_gives_it_back() -> None:
    drive = Drive()
    assert drive.begin_settling()
    assert not drive.is_advancing
    assert drive.end() is False
    assert drive.begin_settling()


def test_a_second_settle_leaves_the_work_to_the_first() -> None:
    drive = Drive()
    assert drive.begin_settling()
    assert not drive.begin_settling()
    assert not drive.begin_settling()
    assert drive.end() is True
    assert drive.begin_settling()
    assert drive.end() is False, "it is asked for one more look once"


def test_a_settle_during_an_advance_leaves_the_work_to_it() -> None:
    drive = Drive()
    with drive.advancing():
        assert drive.is_advancing
        assert not drive.begin_settling()
    assert not drive.is_advancing
    assert drive.begin_settling()


def test_an_advance_within_an_advance_is_refused() -> None:
    drive = Drive()
    with drive.advancing():
        with pytest.raises(AdvanceInProgress, match="an attempt has called"), drive.advancing():
            pytest.fail("the wheel was handed out twice")
        assert drive.is_advancing, "the refusal leaves the first one in place"


def test_an_advance_within_a_settle_of_the_same_thread_is_refused() -> None:
    drive = Drive()
    assert drive.begin_settling()
    with pytest.raises(AdvanceInProgress), drive.advancing():
        pytest.fail("the wheel was handed out twice")
    drive.end()
    with drive.advancing():
        assert drive.is_advancing


def test_an_advance_by_a_thread_that_the_settle_waits_for_is_refused() -> None:
    drive = Drive()
    refusals: list[AdvanceInProgress] = []

    def advance() -> None:
        try:
            with drive.advancing():
                pytest.fail("the wheel was handed out twice")
        except AdvanceInProgress as refusal:
            refusals.append(refusal)

    assert drive.begin_settling()
    within = threading.Thread(target=copy_context().run, args=(advance,), daemon=True)
    within.start()
    within.join(SOON_REAL_SECONDS)
    assert ["an attempt has called" in str(refusal) for refusal in refusals] == [True]
    drive.end()
    with drive.advancing():
        assert drive.is_advancing


def test_an_advance_of_another_thread_is_refused_at_once() -> None:
    drive = Drive()

    def advance() -> None:
        with drive.advancing():
            pytest.fail("the wheel was handed out twice")

    with ThreadPoolExecutor(1) as other, drive.advancing():
        refusal = other.submit(advance).exception(timeout=SOON_REAL_SECONDS)
    assert isinstance(refusal, AdvanceInProgress)
    assert "advanced already" in str(refusal)


def test_an_advance_waits_for_a_settle_of_another_thread() -> None:
    drive = Drive()
    assert drive.begin_settling()
    order: list[str] = []
    begun = threading.Event()

    def advance() -> None:
        begun.set()
        with drive.advancing():
            order.append("advance")

    with ThreadPoolExecutor(1) as other:
        future = other.submit(advance)
        assert begun.wait(SOON_REAL_SECONDS)
        order.append("settle")
        drive.end()
        future.result(timeout=SOON_REAL_SECONDS)
    assert order == ["settle", "advance"]


def test_an_error_gives_the_wheel_back() -> None:
    drive = Drive()
    with pytest.raises(ZeroDivisionError), drive.advancing():
        raise ZeroDivisionError
    with drive.advancing():
        assert drive.is_advancing


def test_many_threads_never_hold_it_at_once() -> None:
    drive = Drive()
    holders: list[int] = []
    most: list[int] = []

    def settle_often() -> None:
        for _ in range(200):
            while drive.begin_settling():
                holders.append(1)
                most.append(len(holders))
                holders.pop()
                if not drive.end():
                    break

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(settle_often) for _ in range(4)]:
            future.result(timeout=SOON_REAL_SECONDS)
    assert set(most) == {1}
