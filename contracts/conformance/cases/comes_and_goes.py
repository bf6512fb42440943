"""Checks what follows when one endpoint answers, refuses and breaks connections in turn.

An inbox cannot refuse a connection, so the endpoint here is a port of the suite's own.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from threading import Thread

from contracts.conformance.attempt_model import first_difference
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import pauses_of
from contracts.conformance.target import Target
from contracts.suite.recorder import NotApplicable, Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 124

_LOOPBACK = "127.0.0.1"
#: What the endpoint does at each of ten attempts: each way of failing follows each other way.
STEPS = ("503", "503", "refused", "refused", "reset", "reset", "503", "reset", "refused", "503")
_REAL_SECONDS = 5.0


@case(
    "PB-RETRY-COMES-AND-GOES",
    "Answers, refused connections and broken ones count alike, in whatever order they come",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A deployment is a 503, then nobody, then a connection that breaks, then a 503 again.",
    fix="Nothing is documented; the fake counts attempts, whatever came of those before.",
    catches=[
        "refused-after-5xx-is-rejected",
        "refused-twice-is-lost",
        "reset-after-refused-starts-over",
        "5xx-after-reset-is-late",
        "refused-not-retried",
    ],
    needs=CLOCK,
)
def comes_and_goes(target: Target, rec: Recorder) -> None:
    """Lets one delivery meet a 503, a refused and a broken connection in ten attempts."""
    pauses = pauses_of(target)
    target.fresh()
    endpoint = Endpoint()
    app = target.app
    app.add(f"http://{_LOOPBACK}:{endpoint.port}/in?user={{{{User ID}}}}")
    for number, step in enumerate(STEPS, 1):
        with endpoint.doing(step):
            if number == 1:
                app.trigger("push.open")
            else:
                target.advance(until="next")
        attempts = app.deliveries()[0].attempts
        if number == 1 and attempts and attempts[0].status is None:
            raise NotApplicable("its postbacks do not reach this machine")
        if len(attempts) < number:
            break
    deliveries = app.deliveries()
    came = [each.status or each.outcome for each in deliveries[0].attempts]
    difference = first_difference(deliveries, target.now(), pauses)
    if not difference and [str(each) for each in came] != list(STEPS):
        difference = f"the attempts were {came}"
    rec.expect_verdict(
        difference or "alike",
        "alike",
        {"alike": f"ten attempts, with {len(set(pairwise(STEPS)))} changes between them"},
        "the documentation speaks of the code of an error only",
    )


class Endpoint:
    """A port at which somebody answers, breaks connections, or nobody listens."""

    def __init__(self) -> None:
        with self._listening(0) as listener:
            self.port: int = listener.getsockname()[1]

    @contextmanager
    def doing(self, step: str) -> Iterator[None]:
        """Do one thing with every connection, as long as the context is entered."""
        if step == "refused":
            yield
            return
        with self._listening(self.port) as listener:
            serving = Thread(target=_serve, args=(listener, step), name="contracts-endpoint")
            serving.start()
            try:
                yield
            finally:
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                serving.join(_REAL_SECONDS)

    @staticmethod
    def _listening(port: int) -> socket.socket:
        return socket.create_server((_LOOPBACK, port))


def _serve(listener: socket.socket, step: str) -> None:
    while True:
        try:
            connected, _ = listener.accept()
        except OSError:
            return
        with connected, suppress(OSError):
            connected.settimeout(_REAL_SECONDS)
            read = b""
            while b"\r\n\r\n" not in read and (piece := connected.recv(65_536)):
                read += piece
            if step != "reset":
                head = f"HTTP/1.1 {step} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                connected.sendall(head.encode())
