"""What msgspec keeps for a type is built by one thread at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mockserver import Sandbox
from mockserver.net.built_once import BuiltOnce
from mockserver.web.app import create_app

COUNT = 8


def at_once(*calls: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(calls))
    failed: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            call()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not failed


class Builder:
    """Notes how many build at the same time."""

    def __init__(self) -> None:
        self.inside = self.most = self.built = 0

    def __call__(self, *arguments: Any) -> Any:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.built += 1
        time.sleep(0.005)
        self.inside -= 1
        return arguments


def test_it_is_built_once() -> None:
    build = Builder()
    once = BuiltOnce(build)
    at_once(*[once] * COUNT)
    assert build.built == 1
    assert once() is once()


def test_one_builds_at_a_time_whatever_it_is() -> None:
    build = Builder()
    at_once(*[BuiltOnce(build) for _ in range(COUNT)])
    assert (build.built, build.most) == (COUNT, 1)


def test_nothing_is_kept_of_a_build_that_failed() -> None:
    outcomes = iter([ValueError("first"), 2])

    def build() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    once = BuiltOnce(build)
    with pytest.raises(ValueError, match="first"):
        once()
    assert once() == 2


def test_the_control_api_builds_one_type_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended the process when several threads met a type first: see the module."""
    make, builder = msgspec.json.Decoder, Builder()

    def watched(*arguments: Any) -> Any:
        builder()
        return make(*arguments)

    monkeypatch.setattr(msgspec.json, "Decoder", watched)
    app = create_app(Sandbox())

    def call(method: str, path: str) -> Callable[[], object]:
        return lambda: app.test_client().open(f"/_sandbox/{path}", method=method, json={})

    at_once(
        call("POST", "events"),
        call("PUT", "apps/a"),
        call("POST", "clock/advance"),
        call("PUT", "inboxes/a/behaviour"),
        call("POST", "reset"),
        lambda: app.test_client().get("/_sandbox/deliveries?limit=1"),
        lambda: app.test_client().get("/_sandbox/feed?after=0"),
        call("POST", "events"),
    )
    assert builder.built >= 6
    assert builder.most == 1
