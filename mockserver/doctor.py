"""Proves on this machine that every fault really happens, and that 30 seconds are a limit.

Decides: what is to be seen of each behaviour from outside. Place in the flow: `postbacks
doctor` prints it. Must not import: the web, the command line.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.net.raw_client import RawClient, Seen
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.receiver.server import Receiver


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


class Bench:
    """A receiver to try things on, and a client that sees bytes."""

    def __init__(self, receiver: Receiver, inboxes: Inboxes) -> None:
        self.receiver = receiver
        self.inbox: Inbox = inboxes.inbox("doctor", receiver.url)

    def seen(self, script: str, silence: float = 2.0, requests: int = 1) -> list[Seen]:
        """Return what a socket sees of requests to an inbox that follows `script`."""
        self.inbox.clear()
        self.inbox.behave(script)
        with self.client() as client:
            return [client.post("/inbox/doctor", silence) for _ in range(requests)]

    def client(self) -> RawClient:
        """Return a new connection to the receiver."""
        return RawClient("127.0.0.1", self.receiver.port)


class _Unexpected(Exception):
    """A check saw something else than it should have."""


def run_checks() -> Iterator[CheckResult]:
    """Run every check and yield each result as it is there; takes about two seconds."""
    inboxes = Inboxes()
    receiver = Receiver(inboxes)
    receiver.start()
    try:
        bench = Bench(receiver, inboxes)
        for name, check in CHECKS:
            yield _result(name, check, bench)
    finally:
        receiver.stop()


def _result(name: str, check: Callable[[Bench], str], bench: Bench) -> CheckResult:
    began = time.perf_counter()
    try:
        passed, detail = True, check(bench)
    except (_Unexpected, OSError) as error:
        passed, detail = False, str(error)
    return CheckResult(name, passed, detail, time.perf_counter() - began)


def _expect(condition: bool, expected: str, seen: object) -> None:
    if not condition:
        raise _Unexpected(f"expected {expected}; saw {seen}")


def _status(bench: Bench) -> str:
    (seen,) = bench.seen("418")
    _expect(seen.status == 418, "status 418", seen)
    return "status 418 arrived"


def _sequence(bench: Bench) -> str:
    statuses = [seen.status for seen in bench.seen("503*2,200", requests=4)]
    _expect(statuses == [503, 503, 200, 200], "503, 503, 200, 200 on one connection", statuses)
    return "503, 503, 200, 200 on one connection"


def _delay(bench: Bench) -> str:
    (seen,) = bench.seen("200@150ms")
    _expect(seen.status == 200 and 0.14 < seen.real_seconds < 1.5, "200 after 0.15 s", seen)
    return f"answered after {seen.real_seconds:.2f} s"


def _hang(bench: Bench) -> str:
    bench.inbox.clear()
    bench.inbox.behave("hang")
    with bench.client() as client:
        seen = client.post("/inbox/doctor", 0.2)
        _expect(seen.ending == "silent" and not seen.data, "silence", seen)
        waiting = [request.end for request in bench.inbox.requests]
        _expect(waiting == [None], "the request in the journal, under way", waiting)
        bench.receiver.reset()
        after = client.exchange(b"", 1.0)
    _expect(after.ending in ("closed", "reset"), "the connection to be ended by a reset", after)
    return "silent, in the journal meanwhile, and ended by a reset of the receiver"


def _reset(bench: Bench) -> str:
    (seen,) = bench.seen("reset")
    _expect(seen.ending == "reset" and not seen.data, "a TCP reset", seen)
    return "ECONNRESET, no byte"


def _close(bench: Bench) -> str:
    (seen,) = bench.seen("close")
    _expect(seen.ending == "closed" and not seen.data, "the end of the stream", seen)
    return "end of stream, no byte"


def _malformed(bench: Bench) -> str:
    (seen,) = bench.seen("malformed")
    _expect(bool(seen.data) and not seen.data.startswith(b"HTTP"), "a line that is no HTTP", seen)
    return f"{seen.data.splitlines()[0].decode()!r} arrived"


def _truncated(bench: Bench) -> str:
    (seen,) = bench.seen("truncated")
    _expect(seen.status == 200 and seen.ending == "closed", "an end before the body's", seen)
    return f"closed after {len(seen.body)} bytes of the body, more were announced"


def _drip_head(bench: Bench) -> str:
    (seen,) = bench.seen("drip@5ms")
    _expect(seen.status == 200 and len(seen.arrivals) > 10, "a head in many pieces", seen)
    return f"the head came in {len(seen.arrivals)} pieces over {seen.real_seconds:.2f} s"


def _drip_body(bench: Bench) -> str:
    (seen,) = bench.seen("drip:body@20ms")
    _expect(seen.body == b"drip" and len(seen.arrivals) > 2, "a body in pieces", seen)
    return f"the body came in {len(seen.arrivals) - 1} pieces"


def _redirect(bench: Bench) -> str:
    (seen,) = bench.seen("redirect:https://example.com/there")
    _expect(seen.status == 302 and b"https://example.com/there" in seen.data, "a 302", seen)
    return "302 with its Location"


def _deadline(bench: Bench) -> str:
    with _raw_server(_drip_for_ever) as url:
        outcome, took = _sent(url, timedelta(seconds=0.5))
    _expect(
        outcome.kind is OutcomeKind.TIMEOUT and 0.45 < took < 1.5,
        "a dripping server to be cut off at the deadline",
        f"{outcome.kind.value} after {took:.2f} s",
    )
    return f"a server that drips its head was cut off after {took:.2f} s (limit 0.50 s)"


def _slow_body(bench: Bench) -> str:
    with _raw_server(_endless_body) as url:
        outcome, took = _sent(url, timedelta(seconds=0.3))
    _expect(outcome.status == 200 and took < 1.5, "a 200: its head came in time", outcome)
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
    _expect(kinds == ["200", "timeout", "timeout"], "200 at 29.9 s, a timeout from 30 s on", kinds)
    return f"29.9 s is an answer, 30 s and a hang are timeouts; all in {took:.2f} real s"


#: Every check by its name; one that raises `_Unexpected` has failed.
CHECKS: tuple[tuple[str, Callable[[Bench], str]], ...] = (
    ("status", _status),
    ("sequence", _sequence),
    ("delay", _delay),
    ("hang", _hang),
    ("reset", _reset),
    ("close", _close),
    ("malformed", _malformed),
    ("truncated", _truncated),
    ("drip (head)", _drip_head),
    ("drip (body)", _drip_body),
    ("redirect", _redirect),
    ("deadline is total", _deadline),
    ("deadline ends with the head", _slow_body),
    ("30 s on a standing clock", _virtual_timeout),
)


def _sent(url: str, deadline: timedelta) -> tuple[Outcome, float]:
    from mockserver.transport.curl.transport import CurlTransport

    left = [DueAttempt(1, "doctor", url, 1, DEFAULT_START_AT, False, 1)]
    transport = CurlTransport(capacity=1, deadline_of=lambda attempt: deadline)
    began = time.perf_counter()
    try:
        groups = list(transport.exchange(lambda places: [left.pop()] if left else []))
    finally:
        transport.close()
    return groups[0][0][1], time.perf_counter() - began


@contextmanager
def _raw_server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                answer(connection, stopping)

        thread = threading.Thread(target=serve, name="postbacks-doctor", daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        stopping.set()
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
