"""Real seconds are counted on while time is frozen."""

from __future__ import annotations

import time

import pytest
import time_machine
from freezegun import freeze_time

from mockserver.net.monotonic import real_seconds


def test_it_counts_seconds() -> None:
    before, expected = real_seconds(), time.perf_counter()
    while time.perf_counter() - expected < 0.01:
        pass
    assert 0.01 <= real_seconds() - before < 5


def test_it_goes_on_while_freezegun_holds_time() -> None:
    with freeze_time("2026-01-01"):
        before = real_seconds()
        stopped = time.monotonic()
        while real_seconds() == before:
            pass
        assert time.monotonic() == stopped
        assert real_seconds() > before


def test_it_goes_on_while_time_machine_holds_time() -> None:
    with time_machine.travel("2026-01-01T00:00:00+00:00", tick=False):
        before = real_seconds()
        while real_seconds() == before:
            pass
        assert 0 < real_seconds() - before < 60


def test_a_machine_without_that_clock_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.delattr("time.clock_gettime")
        before, count, after = time.monotonic(), real_seconds(), time.monotonic()
    assert before <= count <= after
