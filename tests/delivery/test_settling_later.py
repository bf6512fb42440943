"""What a store that was away kept from being made on a standing clock is made when it is back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.delivery import settling_later
from mockserver.delivery.settling_later import SettlingLater
from mockserver.sandbox import Sandbox
from tests.engine_setup import EngineSetup, engine_setup


class Failing:
    """An engine that fails so often before it settles.

    Attributes:
        asked: How often it was asked to settle.
    """

    def __init__(self, setup: EngineSetup, failures: list[Exception]) -> None:
        self.asked = 0
        self._setup = setup
        self._failures = failures

    def settle(self) -> int:
        self.asked += 1
        if self._failures:
            raise self._failures.pop()
        return self._setup.engine.settle()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling_later, "AGAIN_REAL_SECONDS", 0.01)


def waited_for(condition: Callable[[], bool]) -> None:
    gives_up_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < gives_up_at
        time.sleep(0.002)


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def later(engine: object) -> SettlingLater:
    return SettlingLater(engine)  # type: ignore[arg-type]


@pytest.mark.parametrize("failures", [0, 1, 5])
def test_it_is_tried_until_the_store_is_back_and_the_thread_ends(failures: int) -> None:
    setup = engine_setup(200)
    setup.deliver(settle=False)
    failing = Failing(setup, [LedgerUnusable("away") for _ in range(failures)])
    settling = later(failing)
    settling.ask()
    waited_for(lambda: setup.state() == "delivered")
    waited_for(lambda: "postbacks-settling-later" not in names())
    assert failing.asked == failures + 1
    # And again, as often as it is asked.
    setup.deliver(settle=False)
    settling.ask()
    waited_for(lambda: setup.ledger.pending_count() == 0)
    settling.stop()


def test_many_who_ask_have_one_thread() -> None:
    setup = engine_setup()
    failing = Failing(setup, [LedgerUnusable("away") for _ in range(20)])
    settling = later(failing)
    for _ in range(50):
        settling.ask()
    assert names().count("postbacks-settling-later") == 1
    settling.stop()


def test_a_stop_ends_it_while_the_store_is_away() -> None:
    failing = Failing(engine_setup(), [LedgerUnusable("away") for _ in range(10_000)])
    settling = later(failing)
    settling.ask()
    waited_for(lambda: failing.asked > 2)
    settling.stop()
    assert "postbacks-settling-later" not in names()
    settling.ask()
    assert "postbacks-settling-later" not in names()


def test_what_is_no_fault_of_the_store_is_logged_and_ends_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing = Failing(engine_setup(), [ZeroDivisionError("a mistake")])
    settling = later(failing)
    with caplog.at_level(logging.ERROR):
        settling.ask()
        waited_for(lambda: "postbacks-settling-later" not in names())
    assert failing.asked == 1
    assert "what is due could not be made" in caplog.text


def test_a_test_has_no_such_thread() -> None:
    # There, nothing happens that the test has not asked for.
    with Sandbox() as sandbox:
        assert sandbox._beside.settling_later is None
