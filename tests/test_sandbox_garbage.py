"""A closed sandbox is gone at once: no part of it holds the whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver import ManualClock, RunningClock, Sandbox
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery.retention import Keep
from mockserver.transport.in_process import CallableTransport
from tests.garbage import left_by

ELSEWHERE = "http://elsewhere.example/in"


def used(sandbox: Sandbox) -> Sandbox:
    with sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("503,hang,200")
        sandbox.add_postback(inbox.url)
        sandbox.on_attempt(lambda attempt: None)
        sandbox.trigger("email.click")
        sandbox.run_until_idle()
        sandbox.resend(1)
        sandbox.reset(everything=True)
    return sandbox


def test_one_of_a_test() -> None:
    assert left_by(lambda: used(Sandbox())) == []


def test_one_that_was_never_used() -> None:
    def use() -> Sandbox:
        with Sandbox() as sandbox:
            return sandbox

    assert left_by(use) == []


def test_one_with_a_transport_of_the_test() -> None:
    def use() -> Sandbox:
        answers = CallableTransport(lambda attempt: Outcome(OutcomeKind.RESPONSE, status=200))
        with Sandbox(transport=answers) as sandbox:
            sandbox.add_postback(ELSEWHERE)
            sandbox.trigger("email.click")
        return sandbox

    assert left_by(use) == []


@pytest.mark.parametrize("clock", [ManualClock, RunningClock])
def test_one_with_threads(clock: type[ManualClock] | type[RunningClock]) -> None:
    def use() -> Sandbox:
        with Sandbox(clock=clock(), keep=Keep(timedelta(hours=1))) as sandbox:
            sandbox.add_postback(sandbox.inbox("in").url)
            sandbox.trigger("email.click")
            sandbox.inbox("in").wait_for(1)
        return sandbox

    assert left_by(use) == []
