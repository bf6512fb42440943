"""Resends of one delivery by many at once: each is one POST, one record and one answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.clock import ManualClock, MovableClock
from mockserver.core.errors import UnknownDelivery
from mockserver.core.models import Attempt, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from mockserver.time.clocks import RunningClock
from mockserver.transport.in_process import CallableTransport
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.engine_setup import engine_setup, status

THREADS = 8
EACH = 25

LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda folder: MemoryLedger(),
    "sqlite": lambda folder: open_sqlite(folder / "ledger.db"),
}
CLOCKS: dict[str, Callable[[], MovableClock]] = {
    "manual": ManualClock,
    "running": RunningClock,
}

#: What a resend is answered: the attempt it made, as something that can be told from others.
Resend = Callable[[], Any]


@pytest.fixture(params=LEDGERS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return LEDGERS[request.param](tmp_path)


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> MovableClock:
    return CLOCKS[request.param]()


@pytest.fixture(params=["in process", "over sockets"])
def sandbox(
    request: pytest.FixtureRequest, ledger: Ledger, clock: MovableClock
) -> Iterator[Sandbox]:
    sockets = SocketOptions() if request.param == "over sockets" else None
    with Sandbox(ledger=ledger, clock=clock, sockets=sockets) as made:
        yield made


@pytest.fixture(params=["called", "over HTTP"])
def resend(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Resend]:
    """Return what resends delivery 1 and returns the id of the request that it made."""
    if request.param == "called":

        def called() -> int | None:
            made = sandbox.resend_within(1)[1]
            return None if made is None else made.outcome.request_id

        yield called
        return
    server = ApiServer(create_app(sandbox))
    server.start()

    def over_http() -> int | None:
        answer = SandboxClient(server.url).resend(1)
        assert answer.made is None or answer.made in answer.attempts
        return None if answer.made is None else answer.made.request_id

    try:
        yield over_http
    finally:
        sandbox.feed.close()
        server.stop()


def deliver_once(sandbox: Sandbox) -> None:
    sandbox.add_postback(sandbox.inbox("crm").url)
    sandbox.trigger("email.click")
    assert len(sandbox.inbox("crm").wait_for(1)) == 1
    while not sandbox.delivery(1).attempts:
        sandbox.settle()


def test_each_resend_is_one_post_one_record_and_one_answer(
    sandbox: Sandbox, resend: Resend
) -> None:
    deliver_once(sandbox)
    with ThreadPoolExecutor(THREADS) as threads:
        answers = [
            answer.result() for answer in [threads.submit(resend) for _ in range(THREADS * EACH)]
        ]
    got = [request.id for request in sandbox.inbox("crm").requests][1:]
    made = [attempt for attempt in sandbox.delivery(1).attempts if attempt.manual]
    assert len(got) == len(made) == THREADS * EACH
    assert sorted(a.outcome.request_id for a in made if a.outcome.request_id) == sorted(got)
    assert sorted(answers) == sorted(got)


def test_no_two_manual_attempts_are_equal(ledger: Ledger, clock: MovableClock) -> None:
    with Sandbox(ledger=ledger, clock=clock) as sandbox:
        deliver_once(sandbox)
        at = sandbox.now()
        asked = {ledger.claim_resend(1, at) for _ in range(10)}
        assert len(asked) == 10


def test_what_was_taken_and_not_begun_is_made_later() -> None:
    # A batch ends when something new arrives; what is left of it must not be lost.
    setup = engine_setup(200, batch=1000)
    setup.deliver()

    def something_arrives(attempt: DueAttempt) -> Outcome:
        setup.engine.settle()
        return status(200)

    setup.answer = something_arrives
    for _ in range(5):
        setup.engine.resend(1, settle=False)
    setup.engine.settle()
    assert [number for _, number, _ in setup.made] == [1] + [None] * 5
    assert sum(attempt.manual for attempt in setup.attempts()) == 5


@pytest.mark.parametrize("way", [{"batch": 1}, {"batch": 1000}, {"capacity": 4}])
def test_what_an_error_has_cut_short_is_made_later(way: dict[str, int]) -> None:
    setup = engine_setup(200, **way)  # type: ignore[arg-type]
    setup.deliver()

    def broken(attempt: DueAttempt) -> Outcome:
        raise RuntimeError("broken")

    setup.answer = broken
    for _ in range(3):
        setup.engine.resend(1, settle=False)
    with pytest.raises(RuntimeError):
        setup.engine.settle()
    setup.answer = lambda attempt: status(200)
    setup.engine.settle()
    assert sum(attempt.manual for attempt in setup.attempts()) == 3


def test_nobody_waits_who_was_called_by_an_attempt(clock: MovableClock) -> None:
    answers: list[Attempt | None] = []

    def resends_itself(attempt: DueAttempt) -> Outcome:
        if attempt.number is not None:
            answers.append(sandbox.resend_within(1, real_seconds=60)[1])
        return Outcome(OutcomeKind.RESPONSE, status=200)

    transport = CallableTransport(resends_itself)
    with Sandbox(clock=clock, transport=transport) as sandbox:
        sandbox.add_postback("http://partner.test/")
        sandbox.trigger("email.click")
        while len(sandbox.delivery(1).attempts) < 2:
            sandbox.settle()
        assert answers == [None]
        assert [attempt.manual for attempt in sandbox.delivery(1).attempts] == [False, True]


def test_one_waits_no_longer_than_one_said() -> None:
    released = threading.Event()

    def slow(attempt: DueAttempt) -> Outcome:
        if attempt.number is None:
            released.wait(10)
        return Outcome(OutcomeKind.RESPONSE, status=200)

    with Sandbox(clock=RunningClock(), transport=CallableTransport(slow)) as sandbox:
        sandbox.add_postback("http://partner.test/")
        sandbox.trigger("email.click")
        try:
            delivery, made = sandbox.resend_within(1, real_seconds=0.05)
        finally:
            released.set()
        assert made is None
        assert not any(attempt.manual for attempt in delivery.attempts)


def test_a_reset_ends_the_waiting() -> None:
    begun, released = threading.Event(), threading.Event()

    def slow(attempt: DueAttempt) -> Outcome:
        if attempt.number is None:
            begun.set()
            released.wait(10)
        return Outcome(OutcomeKind.RESPONSE, status=200)

    with (
        Sandbox(clock=RunningClock(), transport=CallableTransport(slow)) as sandbox,
        ThreadPoolExecutor() as threads,
    ):
        sandbox.add_postback("http://partner.test/")
        sandbox.trigger("email.click")
        try:
            asked = threads.submit(sandbox.resend_within, 1, 60)
            assert begun.wait(10)
            sandbox.reset()
            with pytest.raises(UnknownDelivery, match="delivery 1 was forgotten by a reset"):
                asked.result(10)
        finally:
            released.set()
