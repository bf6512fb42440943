"""A test of the receiver that waits for ever fails."""

from __future__ import annotations

import threading

import pytest

from tests.receiver.conftest import limited


def test_waiting_for_ever_fails() -> None:
    released = threading.Event()
    try:
        with pytest.raises(pytest.fail.Exception, match=r"more than 0\.05 real seconds"):
            limited(released.wait, 0.05)()
    finally:
        released.set()


def test_what_a_test_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="no number"):
        limited(int, 5)("no number")


def test_every_test_here_is_limited() -> None:
    assert threading.current_thread().name == "limited-test"
