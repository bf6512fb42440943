"""The timers of a loop fire while time is frozen."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket

import pytest
from freezegun import freeze_time

from mockserver.net.monotonic import real_seconds
from mockserver.net.real_time_loop import RealTimeLoop


def test_a_timer_fires_while_time_is_frozen() -> None:
    with freeze_time("2026-01-01"), asyncio.Runner(loop_factory=RealTimeLoop) as runner:
        before = real_seconds()
        runner.run(asyncio.sleep(0.01))
        assert real_seconds() - before >= 0.01


def test_its_time_is_that_of_real_seconds() -> None:
    with asyncio.Runner(loop_factory=RealTimeLoop) as runner:
        before = real_seconds()
        assert before <= runner.get_loop().time() <= real_seconds()


def test_one_that_could_not_be_made_goes_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", full)
    # What a destructor raises would fail this test as a warning.
    with pytest.raises(OSError, match="Too many open files"):
        RealTimeLoop()
    gc.collect()
