"""Checks which answers and failures are followed by another attempt."""

from __future__ import annotations

from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin

ORDER = 120

#: One of every sort that endpoints, proxies and load balancers answer.
SERVER_ERRORS = (500, 501, 502, 503, 504, 505, 507, 511, 520, 599)
CLIENT_ERRORS = (400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 429, 451)
REDIRECTS = (300, 301, 302, 303, 304, 307, 308)

#: A host name with a part that is too long for any name server: it is not even looked up.
UNRESOLVABLE = f"http://{'n' * 64}.test/in"
#: Nobody listens there.
CLOSED = "http://127.0.0.1:1/in"


def _retried(target: Target, behaviours: tuple[str, ...]) -> dict[str, bool]:
    """Return for each first answer whether a second request came after it."""
    found = {}
    for behaviour in behaviours:
        target.fresh()
        inbox = target.inbox(f"{behaviour},200")
        target.app.add(inbox.url)
        target.app.trigger("push.open")
        target.advance(by="10h")
        found[behaviour] = len(inbox.requests()) > 1
    return found


def _attempts_at(target: Target, url: str) -> int:
    target.app.add(url)
    delivery = target.app.trigger_one("push.open")
    target.until_idle()
    return len(target.delivery(delivery.id).attempts)


def _expect_all_retried(found: dict[str, bool], rec: Recorder, why: str) -> None:
    kept = [name for name, retried in found.items() if not retried]
    rec.expect_verdict(
        "retried" if not kept else f"not retried: {', '.join(kept)}",
        "retried",
        {"retried": "like a 5xx"},
        why,
    )


def _expect_rejected(target: Target, rec: Recorder, statuses: tuple[int, ...]) -> None:
    found = _retried(target, tuple(str(status) for status in statuses))
    again = [status for status, retried in found.items() if retried]
    rec.expect_verdict(
        "rejected" if not again else f"retried: {', '.join(again)}",
        "rejected",
        {"rejected": "one attempt, and the data is gone"},
        "the documentation retries `if the error code is 5xx`",
    )


@case(
    "PB-RETRY-5XX",
    "Every 5xx is retried",
    why="A proxy's 502 and an overloaded 503 are what outages look like.",
    fix="Retry every status from 500 to 599.",
    catches=["no-retry-on-599", "only-503-retried"],
    needs=CLOCK,
)
def server_errors(target: Target, rec: Recorder) -> None:
    """Answers each of ten server errors once, then 200."""
    found = _retried(target, tuple(str(status) for status in SERVER_ERRORS))
    kept = [status for status, retried in found.items() if not retried]
    rec.expect([], kept, "5xx that were not retried")


@case(
    "PB-RETRY-4XX",
    "A 4xx is not retried: the data is gone at once",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An expired token or a wrong route loses everything that happens meanwhile.",
    fix="Only 5xx is documented as retried; the knob is retry_on.",
    catches=["retries-404"],
    needs=CLOCK,
)
def client_errors(target: Target, rec: Recorder) -> None:
    """Answers each of twelve client errors once, then 200."""
    _expect_rejected(target, rec, CLIENT_ERRORS)


@case(
    "PB-RETRY-3XX",
    "A 3xx is not retried: the data is gone at once",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A redirect to a login page or to https loses everything.",
    fix="Only 5xx is documented as retried; the knob is retry_on.",
    catches=["retries-302"],
    needs=CLOCK,
)
def redirects(target: Target, rec: Recorder) -> None:
    """Answers each of seven redirects once, then 200."""
    _expect_rejected(target, rec, REDIRECTS)


@case(
    "PB-RETRY-CONNECTION",
    "A connection that is refused, reset or closed without an answer is retried",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="It is what a deployment of the receiver looks like from outside.",
    fix="Nothing is documented; the fake retries them like a 5xx.",
    catches=["reset-not-retried", "refused-not-retried"],
    needs=CLOCK,
)
def connection(target: Target, rec: Recorder) -> None:
    """Resets, closes and answers nonsense once each, and calls a port where nobody is."""
    found = _retried(target, ("reset", "close", "malformed"))
    target.fresh()
    found["refused"] = _attempts_at(target, CLOSED) == 10
    _expect_all_retried(found, rec, "no HTTP answer came")


@case(
    "PB-RETRY-DNS",
    "A host name without an address is retried",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Name servers fail, and names are moved.",
    fix="Nothing is documented; the fake retries it like a 5xx.",
    catches=["dns-not-retried"],
    needs=CLOCK,
)
def dns(target: Target, rec: Recorder) -> None:
    """Fires an event at a host name that cannot exist."""
    found = {"dns": _attempts_at(target, UNRESOLVABLE) == 10}
    _expect_all_retried(found, rec, "the host has no address")


@case(
    "PB-RETRY-TLS",
    "A failed TLS handshake is retried",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="It is what an expired certificate looks like from outside.",
    fix="Nothing is documented; the fake retries it like a 5xx.",
    catches=["tls-not-retried"],
    needs=(*CLOCK, Need.SOCKETS),
)
def tls(target: Target, rec: Recorder) -> None:
    """Fires an event at https where plain HTTP is spoken."""
    url = target.inbox().url.replace("http://", "https://")
    _expect_all_retried({"tls": _attempts_at(target, url) == 10}, rec, "the handshake failed")
