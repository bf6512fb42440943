from __future__ import annotations

import pytest

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import is_concurrent
from tests.transport.exchanges import attempt_at


def test_the_function_is_asked_for_the_outcome() -> None:
    seen: list[DueAttempt] = []
    answer = Outcome(OutcomeKind.RESPONSE, status=503)

    def respond(attempt: DueAttempt) -> Outcome:
        seen.append(attempt)
        return answer

    attempt = attempt_at("http://example.com/a")
    assert CallableTransport(respond).send(attempt) is answer
    assert seen == [attempt]


def test_results_are_recorded_one_by_one_unless_told_otherwise() -> None:
    assert CallableTransport(lambda _attempt: Outcome(OutcomeKind.DNS)).batch == 1
    assert CallableTransport(lambda _attempt: Outcome(OutcomeKind.DNS), batch=9).batch == 9


def test_it_is_no_concurrent_transport() -> None:
    transport = CallableTransport(lambda _attempt: Outcome(OutcomeKind.DNS))
    assert not is_concurrent(transport)


def test_a_mistake_of_the_function_is_passed_on() -> None:
    def fail(_attempt: DueAttempt) -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        CallableTransport(fail).send(attempt_at("http://example.com/"))
