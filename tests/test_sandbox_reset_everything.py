"""`reset(everything=True)`: as if the sandbox were new."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mockserver import App, ManualClock, RunningClock, Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import AdvanceInProgress
from mockserver.core.models import DueAttempt, postback_id_of
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from mockserver.time.clocks import AmbientClock
from mockserver.time.saved_clock import restore_clock, save_clock
from mockserver.transport.in_process import CallableTransport
from mockserver.web.app import create_app

LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda folder: MemoryLedger(),
    "sqlite": lambda folder: open_sqlite(folder / "ledger.db"),
}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(params=LEDGERS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return LEDGERS[request.param](tmp_path)


@pytest.fixture(params=[None, SocketOptions()], ids=["in process", "over sockets"])
def sandbox(request: pytest.FixtureRequest, ledger: Ledger) -> Iterator[Sandbox]:
    with Sandbox(apps=[App("a")], ledger=ledger, sockets=request.param) as made:
        yield made


def use(sandbox: Sandbox) -> None:
    inbox = sandbox.inbox("crm")
    inbox.behave("503")
    sandbox.put_app(App("a", rule_limit=9))
    sandbox.put_app(App("b"))
    sandbox.add_postback(inbox.url)
    sandbox.trigger("email.click")
    sandbox.advance(days=1)


@pytest.mark.parametrize("over_http", [False, True])
def test_it_is_as_if_new(sandbox: Sandbox, over_http: bool) -> None:
    client = SandboxClient(wire=WsgiWire(create_app(sandbox)))
    for _ in range(2):
        use(sandbox)
        assert sandbox.deliveries[0].id == 1
        assert [rule.postback_id for rule in sandbox.postbacks()] == [postback_id_of(1)]
        if over_http:
            answer = client.reset(everything=True)
            assert (answer.rules, answer.deliveries) == (1, 1)
        else:
            assert sandbox.reset(everything=True) == (1, 1)
        assert sandbox.ledger.apps() == [App("a")]
        assert sandbox.now() == DEFAULT_START_AT
        assert sandbox.inboxes.names() == []
        assert sandbox.deliveries == []
        assert sandbox.ledger.next_due_at() is None


def test_without_it_apps_clock_and_numbers_stay(sandbox: Sandbox) -> None:
    use(sandbox)
    sandbox.reset()
    assert sandbox.ledger.apps() == [App("a", rule_limit=9), App("b")]
    assert sandbox.now() == DEFAULT_START_AT + 24 * HOUR
    sandbox.add_postback(sandbox.inbox("crm").url)
    assert sandbox.trigger("email.click").deliveries[0].id == 2


def test_a_given_app_that_was_deleted_is_there_again(sandbox: Sandbox) -> None:
    sandbox.put_app(App("b"))
    sandbox.delete_app("a")
    sandbox.reset(everything=True)
    assert sandbox.ledger.apps() == [App("a")]


def test_the_retries_are_those_of_the_given_app(sandbox: Sandbox) -> None:
    from mockserver.core.retry import RetryPolicy

    sandbox.put_app(App("a", retry=RetryPolicy((timedelta(minutes=1),))))
    use(sandbox)
    sandbox.reset(everything=True)
    inbox = sandbox.inbox("crm")
    inbox.behave("503")
    sandbox.add_postback(inbox.url)
    sandbox.trigger("email.click")
    sandbox.advance(hours=3)
    assert sandbox.deliveries[0].offsets_in_hours == [0, 1, 3]


def test_a_manual_clock_goes_back_to_where_it_began(ledger: Ledger) -> None:
    with Sandbox(clock=ManualClock(NOON), ledger=ledger) as sandbox:
        sandbox.advance(hours=1)
        sandbox.reset(everything=True)
        assert sandbox.now() == NOON


def test_a_running_clock_goes_back_to_the_present_or_to_where_it_began(ledger: Ledger) -> None:
    with Sandbox(clock=RunningClock(), ledger=ledger) as sandbox:
        sandbox.advance(days=1)
        sandbox.reset(everything=True)
        assert abs(sandbox.now() - datetime.now(UTC)) < timedelta(minutes=1)
    with Sandbox(clock=RunningClock(NOON)) as sandbox:
        sandbox.advance(days=1)
        sandbox.reset(everything=True)
        assert timedelta(0) <= sandbox.now() - NOON < timedelta(minutes=1)


def test_a_frozen_time_stays() -> None:
    import time_machine

    with (
        time_machine.travel(NOON, tick=False) as freezer,
        Sandbox(clock=AmbientClock(freezer)) as sandbox,
    ):
        sandbox.advance(hours=1)
        sandbox.reset(everything=True)
        assert sandbox.now() == NOON + HOUR


@pytest.mark.parametrize(("start_at", "expected_at"), [(None, DEFAULT_START_AT), (NOON, NOON)])
def test_a_restored_clock_goes_back_to_where_a_new_one_would_begin(
    ledger: Ledger, start_at: datetime | None, expected_at: datetime
) -> None:
    save_clock(ledger, ManualClock(DEFAULT_START_AT + 48 * HOUR))
    clock = restore_clock(ledger, mode="manual", start_at=start_at)
    with Sandbox(clock=clock, ledger=ledger) as sandbox:
        sandbox.advance(hours=1)
        sandbox.reset(everything=True)
        assert sandbox.now() == expected_at


def test_while_time_is_moved_it_is_refused_and_nothing_is_forgotten() -> None:
    refusals = []

    def resets(attempt: DueAttempt) -> Outcome:
        with pytest.raises(AdvanceInProgress) as raised:
            sandbox.reset(everything=True)
        refusals.append(str(raised.value))
        return Outcome(OutcomeKind.RESPONSE, status=503)

    with Sandbox(transport=CallableTransport(resets)) as sandbox:
        sandbox.add_postback("http://partner.test/")
        sandbox.trigger("email.click")
        assert len(refusals) == 1
        assert len(sandbox.delivery(1).attempts) == 1


def test_an_attempt_under_way_is_waited_for_and_forgotten() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(attempt: DueAttempt) -> Outcome:
        begun.set()
        may_end.wait(10)
        return Outcome(OutcomeKind.RESPONSE, status=503)

    with (
        Sandbox(clock=RunningClock(), transport=CallableTransport(slow)) as sandbox,
        ThreadPoolExecutor() as threads,
    ):
        sandbox.add_postback("http://partner.test/")
        sandbox.trigger("email.click")
        assert begun.wait(10)
        reset = threads.submit(sandbox.reset, everything=True)
        may_end.set()
        reset.result(10)
        assert sandbox.deliveries == []
        sandbox.add_postback("http://partner.test/")
        assert sandbox.trigger("email.click").deliveries[0].id == 1


def test_the_feed_tells_of_it_and_goes_on_counting(sandbox: Sandbox) -> None:
    use(sandbox)
    before = sandbox.feed.last
    sandbox.reset(everything=True)
    (happening,) = sandbox.feed.after(before)
    assert (happening.kind, happening.payload) == ("reset", {"everything": True})
