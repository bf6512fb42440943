"""Tests that what threads raise is heard, and that nothing of it stays."""

from __future__ import annotations

import threading

import pytest

from mockserver.transport.application.started_threads import heard_from_threads

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def raising(error: BaseException, wait: threading.Event | None = None) -> threading.Thread:
    def run() -> None:
        if wait is not None:
            wait.wait(5)
        raise error

    return threading.Thread(target=run)


def test_what_a_thread_raises_is_heard_also_later() -> None:
    start = threading.Thread.start
    heard: list[BaseException] = []
    now, later, go_on = LookupError("now"), LookupError("later"), threading.Event()
    with heard_from_threads(heard.append):
        first, second = raising(now), raising(later, go_on)
        first.start()
        second.start()
        first.join()
        assert heard == [now]
    go_on.set()
    second.join()
    assert heard == [now, later]
    assert threading.Thread.start is start


def test_the_usual_end_of_a_thread_is_not_heard() -> None:
    heard: list[BaseException] = []
    with heard_from_threads(heard.append):
        thread = raising(SystemExit(0))
        thread.start()
        thread.join()
    assert heard == []


def test_threads_that_are_started_before_or_after_are_not_heard() -> None:
    heard: list[BaseException] = []
    go_on = threading.Event()
    before = raising(LookupError(), go_on)
    before.start()
    with heard_from_threads(heard.append):
        go_on.set()
        before.join()
    after = raising(LookupError())
    after.start()
    after.join()
    assert heard == []


def test_one_within_another() -> None:
    start = threading.Thread.start
    outer: list[BaseException] = []
    inner: list[BaseException] = []
    error = LookupError()
    with heard_from_threads(outer.append), heard_from_threads(inner.append):
        thread = raising(error)
        thread.start()
        thread.join()
    assert (outer, inner) == ([error], [error])
    assert threading.Thread.start is start


def test_who_replaces_start_meanwhile_keeps_it() -> None:
    start = threading.Thread.start
    heard: list[BaseException] = []

    try:
        with heard_from_threads(heard.append):
            ours = threading.Thread.start

            def theirs(thread: threading.Thread) -> None:
                ours(thread)

            setattr(threading.Thread, "start", theirs)  # noqa: B010
        assert threading.Thread.start is theirs
        thread = raising(LookupError())
        thread.start()
        thread.join()
        assert heard == []
    finally:
        setattr(threading.Thread, "start", start)  # noqa: B010


def test_nothing_of_it_stays_in_a_thread() -> None:
    ran = []
    theirs = threading.Thread()
    theirs.run = own = lambda: ran.append("own")  # type: ignore[method-assign]
    plain = threading.Thread(target=ran.append, args=("plain",))
    heard: list[BaseException] = []
    with heard_from_threads(heard.append):
        for thread in (plain, theirs):
            thread.start()
            thread.join()
    assert ran == ["plain", "own"]
    assert "run" not in vars(plain)
    assert vars(theirs)["run"] is own
