"""Comparisons are plain functions of the evidence, and tell what is wrong without raising."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from datetime import datetime

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DeliveryState
from mockserver.sandbox import Sandbox
from mockserver.testing import Leanplum
from mockserver.testing.comparisons import attempts_at, in_state, not_triggered, received
from mockserver.testing.evidence import Evidence
from mockserver.testing.failure_text import newest_timelines
from mockserver.testing.problems import problems_of
from tests.testing import fire


@pytest.fixture
def nothing() -> Iterator[Evidence]:
    with Sandbox() as sandbox:
        yield Evidence(sandbox, sandbox.app())


@pytest.fixture
def lost() -> Iterator[Evidence]:
    with Leanplum() as leanplum:
        fire(leanplum, "503")
        leanplum.run_until_idle()
        yield Evidence(leanplum.sandbox, leanplum.app)


def test_evidence_is_a_value(nothing: Evidence) -> None:
    with pytest.raises(FrozenInstanceError):
        nothing.triggered = ()  # type: ignore[misc]


def test_evidence_does_not_change_while_it_is_looked_at() -> None:
    with Leanplum() as leanplum:
        evidence = Evidence(leanplum.sandbox, leanplum.app)
        assert evidence.deliveries == ()
        delivery = fire(leanplum)
        assert evidence.deliveries == ()
        assert replace(evidence).deliveries == (delivery,)


def test_a_comparison_that_holds_has_no_failure(lost: Evidence, nothing: Evidence) -> None:
    assert in_state(lost, DeliveryState.LOST, 1, {}).found == list(lost.deliveries)
    assert in_state(lost, DeliveryState.LOST, 1, {}).failure is None
    assert attempts_at(lost, [0, 1, 3, 7, 15, 25, 35, 45, 55, 65], {}).failure is None
    assert not_triggered(nothing, {}).failure is None
    asked = replace(nothing, named_inboxes=frozenset({"inbox"}))
    assert received(asked, "inbox", 0, {}).failure is None


def test_a_comparison_that_does_not_hold_tells_why_and_raises_only_when_asked(
    lost: Evidence,
) -> None:
    verdict = in_state(lost, DeliveryState.DELIVERED, 1, {})
    assert verdict.found == []
    assert verdict.failure is not None
    with pytest.raises(AssertionError) as caught:
        verdict.found_or_raise()
    assert str(caught.value) == verdict.failure
    assert attempts_at(lost, [0], {}).failure is not None
    assert not_triggered(lost, {}).failure is not None
    assert received(lost, "other", None, {}).failure is not None


def test_the_clock_is_not_read_if_nothing_fails(
    lost: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Sandbox) -> datetime:
        raise LookupError("the clock was read")

    monkeypatch.setattr(Sandbox, "now", refuse)
    assert in_state(lost, DeliveryState.LOST, 1, {}).failure is None
    assert problems_of(lost)
    assert newest_timelines(lost)
    monkeypatch.undo()
    assert in_state(lost, DeliveryState.LOST, 2, {}).failure is not None


def test_what_a_test_expects_is_no_problem(lost: Evidence) -> None:
    assert [problem.kind for problem in problems_of(lost)] == ["lost"]
    assert problems_of(replace(lost, expected=frozenset({1}))) == []


def test_a_failure_says_why_there_is_no_delivery(nothing: Evidence) -> None:
    failure = in_state(nothing, DeliveryState.LOST, 1, {}).failure
    assert failure == (
        "expected 1 lost postback of any kind\nfound 0\n\n"
        "there are no deliveries:\n  no rule is registered, so nothing can be delivered"
    )


def test_an_inbox_that_cannot_be_is_refused(nothing: Evidence) -> None:
    with pytest.raises(InvalidValue):
        received(nothing, "no such", None, {})
