"""Proves on this machine that every fault happens, that 30 s are a limit, and what is closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.net.raw_client import RawClient, Seen
from mockserver.receiver.faults.checks import Bench, Check, Unexpected, expect
from mockserver.receiver.faults.registry import all_faults
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.server import Receiver

if TYPE_CHECKING:
    from mockserver.transport.addresses import AddressGuard


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check.

    Attributes:
        detail: What was seen; for a failed check, what was expected instead.
    """

    name: str
    passed: bool
    detail: str
    real_seconds: float


class _Bench:
    """See `Bench` of `receiver.faults.checks`."""

    def __init__(self, receiver: Receiver, inboxes: Inboxes) -> None:
        self._receiver = receiver
        self._inbox = inboxes.inbox("doctor", receiver.url)

    def seen(self, script: str, requests: int = 1) -> list[Seen]:
        with self.client(script) as client:
            return [self.post(client, 2.0) for _ in range(requests)]

    def client(self, script: str) -> RawClient:
        self._inbox.clear()
        self._inbox.behave(script)
        return RawClient("127.0.0.1", self._receiver.port)

    def post(self, client: RawClient, silence: float) -> Seen:
        return client.post("/inbox/doctor", silence)

    def ends(self) -> list[str | None]:
        return [request.end for request in self._inbox.requests]

    @contextmanager
    def endpoint(self, answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
        got: list[bytes] = []

        with _raw_server(lambda connection, _: connection.sendall(answer), got) as url:
            yield url, got

    def reset(self) -> None:
        self._receiver.reset()


def run_checks() -> Iterator[CheckResult]:
    """Run every check and yield each result as it is there; takes about two seconds."""
    inboxes = Inboxes()
    receiver = Receiver(inboxes)
    receiver.start()
    try:
        bench = _Bench(receiver, inboxes)
        for check in CHECKS:
            yield _result(check, bench)
    finally:
        receiver.stop()


def _result(check: Check, bench: Bench) -> CheckResult:
    began = time.perf_counter()
    try:
        passed, detail = True, check.look(bench)
    except (Unexpected, OSError) as error:
        passed, detail = False, str(error)
    return CheckResult(check.name, passed, detail, time.perf_counter() - began)


def _sequence(bench: Bench) -> str:
    statuses = [seen.status for seen in bench.seen("503*2,200", requests=4)]
    expect(statuses == [503, 503, 200, 200], "503, 503, 200, 200 on one connection", statuses)
    return "503, 503, 200, 200 on one connection"


def _deadline(bench: Bench) -> str:
    with _raw_server(_drip_for_ever) as url:
        outcome, took = _sent(url, timedelta(seconds=0.5))
    expect(
        outcome.kind is OutcomeKind.TIMEOUT and 0.45 < took < 1.5,
        "a dripping server to be cut off at the deadline",
        f"{outcome.kind.value} after {took:.2f} s",
    )
    return f"a server that drips its head was cut off after {took:.2f} s (limit 0.50 s)"


def _slow_body(bench: Bench) -> str:
    with _raw_server(_endless_body) as url:
        outcome, took = _sent(url, timedelta(seconds=0.3))
    expect(outcome.status == 200 and took < 1.5, "a 200: its head came in time", outcome)
    return "a head in time is an answer, even if its body never ends"


def _virtual_timeout(bench: Bench) -> str:
    from mockserver.delivery.wiring import SocketOptions
    from mockserver.sandbox import Sandbox

    began = time.perf_counter()
    with Sandbox(sockets=SocketOptions()) as sandbox:
        inbox = sandbox.inbox("doctor")
        inbox.behave("200@29.9s,200@30s,hang")
        sandbox.add_postback(inbox.url)
        kinds = []
        for _ in range(3):
            delivery = sandbox.trigger("email.open").deliveries[0]
            kinds.append(delivery.attempts[0].outcome.summary)
    took = time.perf_counter() - began
    expect(kinds == ["200", "timeout", "timeout"], "200 at 29.9 s, a timeout from 30 s on", kinds)
    return f"29.9 s is an answer, 30 s and a hang are timeouts; all in {took:.2f} real s"


def _packages(bench: Bench) -> str:
    from postbacks_entry.origin import PACKAGES, claims, problem_of

    for package in PACKAGES:
        problem = problem_of(package)
        expect(problem is None, f"the package {package} of postbacks", problem)
        others = claims(package)
        expect(
            not others,
            f"nobody else to install a package {package}: an environment of its own for each, "
            "for they overwrite each other's files",
            " and ".join(others),
        )
    return f"{' and '.join(PACKAGES)} are those of postbacks, and nobody else's"


def _closed(bench: Bench) -> str:
    from mockserver.core.send_to import send_to
    from mockserver.transport.addresses import AddressGuard

    # For examples, so nobody is there: what should go wrong would lead nowhere.
    guard = AddressGuard(send_to=send_to(()))
    refused, _ = _sent("http://203.0.113.1/", timedelta(seconds=0.5), guard)
    expect(
        refused.kind is OutcomeKind.BLOCKED and "--send-to 203.0.113.1" in (refused.error or ""),
        "nothing to be sent to 203.0.113.1, and the flag that allows it to be named",
        refused.error or refused.summary,
    )
    with _raw_server(_endless_body) as url:
        outcome, _ = _sent(url, timedelta(seconds=0.3), guard)
    expect(outcome.status == 200, "127.0.0.1 to be sent to", outcome.error or outcome.summary)
    return "203.0.113.1 is not sent to unless --send-to names it, 127.0.0.1 is"


#: What is looked at; first whose packages these are, then every fault.
CHECKS: tuple[Check, ...] = (
    Check("packages", _packages),
    *(check for fault in all_faults().values() for check in fault.checks()),
    Check("sequence", _sequence),
    Check("deadline is total", _deadline),
    Check("deadline ends with the head", _slow_body),
    Check("30 s on a standing clock", _virtual_timeout),
    Check("closed for public hosts", _closed),
)


def _sent(
    url: str, deadline: timedelta, guard: AddressGuard | None = None
) -> tuple[Outcome, float]:
    from mockserver.transport.curl.transport import CurlTransport

    left = [DueAttempt(1, "doctor", url, 1, DEFAULT_START_AT, False, 1)]
    transport = CurlTransport(capacity=1, deadline_of=lambda attempt: deadline, guard=guard)
    began = time.perf_counter()
    try:
        groups = list(transport.exchange(lambda places: [left.pop()] if left else []))
    finally:
        transport.close()
    return groups[0][0][1], time.perf_counter() - began


@contextmanager
def _raw_server(
    answer: Callable[[socket.socket, threading.Event], None], got: list[bytes] | None = None
) -> Iterator[str]:
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    request = connection.recv(65536)
                    if got is not None:
                        got.append(request)
                    answer(connection, stopping)

        thread = threading.Thread(target=serve, name="postbacks-doctor", daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        stopping.set()
        # Nobody may have come.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def _drip_for_ever(connection: socket.socket, stopping: threading.Event) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000:
            if stopping.wait(0.02):
                return
            connection.send(bytes([byte]))
    except OSError:
        return


def _endless_body(connection: socket.socket, stopping: threading.Event) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin")
    stopping.wait(5)
