"""Real seconds are counted on while time is frozen."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import time_machine
from freezegun import freeze_time

from mockserver.net import monotonic
from mockserver.net.monotonic import boot_seconds, real_seconds, this_boot


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


def test_the_seconds_of_the_machine_are_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with freeze_time("2026-01-01"):
        before = boot_seconds()
        while boot_seconds() == before:
            pass
        assert 0 < boot_seconds() - before < 60
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    before, count, after = real_seconds(), boot_seconds(), real_seconds()
    assert before <= count <= after


def test_a_start_of_the_machine_has_one_name_or_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert this_boot() == this_boot()
    monkeypatch.setattr(monotonic, "_BOOT_ID", str(tmp_path / "missing"))
    assert this_boot() == ""
    (tmp_path / "odd").write_bytes(b"\xff")
    monkeypatch.setattr(monotonic, "_BOOT_ID", str(tmp_path / "odd"))
    assert this_boot() == ""
