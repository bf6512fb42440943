"""What can make a postback lead to the next one, and what bounds each of these ways.

A redirect is not followed, and no behaviour of an inbox calls anybody. A postback cannot reach
the sandbox's own API (`tests/transport/test_addresses.py`). What remains is an endpoint that
triggers or resends for each postback it gets: the budget of the settle or advance that makes the
attempts bounds it, and on a running clock the endpoint itself, which has one call for each attempt.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial

import pytest

from mockserver import Sandbox, SocketOptions
from mockserver.core.errors import RunawaySchedule
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.time.clocks import RunningClock

#: Sets an endpoint up, and the sandbox whose rule leads to it.
Reached = Callable[["Looping"], AbstractContextManager[Sandbox]]

BUDGET = 20
#: A loop that nothing stops is ended by its endpoint, so that its test fails and does not hang.
GIVES_UP = 300


class Looping:
    """An endpoint that makes the sandbox send again, for each postback it gets."""

    def __init__(self, again: Callable[[Sandbox], object]) -> None:
        self.batch = 1
        self.sandbox: Sandbox
        self.got = 0
        self._again = again

    def send(self, attempt: DueAttempt) -> Outcome:
        self.got += 1
        if self.got < GIVES_UP:
            self._again(self.sandbox)
        return Outcome(OutcomeKind.RESPONSE, status=200)


AGAIN = {
    "resends": lambda sandbox: sandbox.resend_within(1, 0),
    "triggers": lambda sandbox: sandbox.trigger("email.click"),
    "does both": lambda sandbox: (sandbox.trigger("email.click"), sandbox.resend_within(1, 0)),
}


@contextmanager
def routed(endpoint: Looping) -> Iterator[Sandbox]:
    """Reach it by a route, as applications in this process are reached."""
    with Sandbox() as sandbox:
        sandbox.route(lambda url: url.startswith("http://shop.example/"), endpoint)
        sandbox.add_postback("http://shop.example/in")
        yield sandbox


@contextmanager
def plain(endpoint: Looping) -> Iterator[Sandbox]:
    """Make it the transport of everything."""
    with Sandbox(transport=endpoint) as sandbox:
        sandbox.add_postback("http://shop.example/in")
        yield sandbox


@contextmanager
def served(endpoint: Looping) -> Iterator[Sandbox]:
    """Let it listen on a port, as a program of its own does."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Sandbox(sockets=SocketOptions()) as sandbox,
    ):

        def answer_all() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        endpoint.send(DueAttempt(1, "", "", None, sandbox.now(), False, 0))
                        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        serving = threading.Thread(target=answer_all, daemon=True)
        serving.start()
        sandbox.add_postback(f"http://127.0.0.1:{listener.getsockname()[1]}/in")
        yield sandbox
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(timeout=5)


@pytest.mark.parametrize("what", AGAIN)
@pytest.mark.parametrize("reached", [routed, plain, served])
def test_an_endpoint_that_makes_more_for_each_postback_is_stopped(
    reached: Reached, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Looping(AGAIN[what])
    with reached(endpoint) as sandbox:
        endpoint.sandbox = sandbox
        monkeypatch.setattr(sandbox.engine, "settle", partial(sandbox.engine.settle, BUDGET))
        with pytest.raises(RunawaySchedule, match="triggers an event or resends"):
            sandbox.trigger("email.click")
        assert BUDGET <= endpoint.got <= BUDGET + 1
        # Nothing is lost: whoever looks again goes on where it was stopped.
        before = endpoint.got
        with pytest.raises(RunawaySchedule):
            sandbox.settle()
        assert before < endpoint.got <= 2 * BUDGET + 2


@pytest.mark.parametrize("reached", [routed, plain, served])
def test_a_server_is_told_that_there_is_more(
    reached: Reached,
) -> None:
    """`POST /_sandbox/clock/advance` answers within its budget, whatever an endpoint does."""
    endpoint = Looping(lambda sandbox: sandbox.engine.resend(1, settle=False))
    endpoint.got = GIVES_UP
    with reached(endpoint) as sandbox:
        endpoint.sandbox = sandbox
        sandbox.trigger("email.click")
        endpoint.got = 0
        sandbox.engine.resend(1, settle=False)
        done, attempts = sandbox.advance_within(None, BUDGET, 60)
        assert not done.complete
        assert len(attempts) == done.attempts_made
        assert BUDGET <= endpoint.got <= BUDGET + 1


def test_resends_beside_a_full_budget_are_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many resends at once are no loop, but they count."""
    with Sandbox(sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("a")
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.click")
        for _ in range(50):
            sandbox.engine.resend(1, settle=False)
        made = []
        while not made or made[-1]:
            done, _ = sandbox.advance_within(None, BUDGET, 60)
            made.append(done.attempts_made)
        assert made == [20, 20, 10, 0]
        assert len(inbox.requests) == 51


def test_on_a_running_clock_an_endpoint_makes_no_more_than_it_asks_for() -> None:
    endpoint = Looping(lambda sandbox: sandbox.resend(1))
    endpoint.got = GIVES_UP - 10
    with Sandbox(clock=RunningClock(Sandbox().now())) as sandbox:
        endpoint.sandbox = sandbox
        sandbox.route(lambda url: True, endpoint)
        sandbox.add_postback("http://shop.example/in")
        sandbox.trigger("email.click")
        ended = threading.Event()
        for _ in range(200):
            if len(sandbox.attempts) == 10:
                break
            ended.wait(0.02)
        assert (endpoint.got, len(sandbox.attempts)) == (GIVES_UP, 10)


@pytest.mark.parametrize("sockets", [None, SocketOptions()])
@pytest.mark.parametrize(
    "script",
    ["200", "404", "200@31s", "hang", "reset", "close", "malformed", "truncated", "stall", "drip",
     "drip:body", "slow-read@10s", "redirect:"],
)  # fmt: skip
def test_no_behaviour_of_an_inbox_makes_another_postback(
    script: str, sockets: SocketOptions | None
) -> None:
    with Sandbox(sockets=sockets) as sandbox:
        inbox, other = sandbox.inbox("a"), sandbox.inbox("other")
        inbox.behave(script + other.url if script == "redirect:" else script)
        sandbox.add_postback(inbox.url)
        sandbox.trigger("email.click")
        assert len(inbox.requests) == len(sandbox.attempts) == 1
        assert other.requests == []
