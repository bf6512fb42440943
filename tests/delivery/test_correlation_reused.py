"""Which request of our receiver belongs to which attempt, and how long it took."""

from __future__ import annotations

from datetime import timedelta

from mockserver import Sandbox, SocketOptions
from mockserver.core.catalog import event_kind
from mockserver.core.events import build_event
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.delivery.correlation import Correlation
from mockserver.receiver.journal import Journal, ReceivedRequest
from tests.engine_setup import SECOND
from tests.transport.exchanges import NOON

RECEIVER_PORT = 8781
PORT = 50_000
OK = Outcome(OutcomeKind.RESPONSE, timedelta(0), 0.001, status=200)


def correlation(*, is_virtual: bool = True) -> Correlation:
    made = Correlation(lambda: is_virtual, lambda attempt: 30 * SECOND, Journal().timed_out)
    made.receiver_port = RECEIVER_PORT
    return made


def attempt(delivery_id: int) -> DueAttempt:
    return DueAttempt(delivery_id, "app", "http://h/", 1, NOON, repeated=False, claim=1)


def request(journal: Journal) -> ReceivedRequest:
    return journal.arrived("crm", "POST", "/", b"", (), b"", ("127.0.0.1", PORT), "200")


def test_an_attempt_keeps_its_answer_when_the_next_one_uses_its_connection_already() -> None:
    link, journal = correlation(), Journal()
    seen = []
    for delivery_id in (1, 2, 3):
        link.sending(PORT, RECEIVER_PORT, attempt(delivery_id))
        seen.append(request(journal))
        link.answered_after(PORT, delivery_id * SECOND, seen[-1])
    for delivery_id in (2, 1, 3):
        outcome = link.received(PORT, attempt(delivery_id), OK)
        assert outcome.elapsed == delivery_id * SECOND
        assert outcome.request_id == seen[delivery_id - 1].id


def test_an_attempt_that_got_no_answer_does_not_take_the_next_ones() -> None:
    link, journal = correlation(), Journal()
    link.sending(PORT, RECEIVER_PORT, attempt(1))
    link.sending(PORT, RECEIVER_PORT, attempt(2))
    link.answered_after(PORT, SECOND, request(journal))
    assert link.received(PORT, attempt(1), OK) is OK
    assert link.received(PORT, attempt(2), OK).elapsed == SECOND


def test_an_answer_that_takes_long_takes_long_however_many_are_sent_at_once() -> None:
    with Sandbox(sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("crm")
        inbox.behave("200@10s")
        sandbox.add_postback(inbox.url)
        app_id, at = sandbox.app().app_id, sandbox.now()
        event = build_event(event_kind("email.click"), app_id, at, {})
        sandbox.post_events([event] * 1000)
        outcomes = [made.outcome for made in sandbox.attempts]
        assert len(outcomes) == 1000
        assert {outcome.elapsed for outcome in outcomes} == {10 * SECOND}
        assert len({outcome.request_id for outcome in outcomes}) == 1000
        assert None not in {outcome.request_id for outcome in outcomes}
