"""Checks that nothing of an answer but its status decides what follows it.

`statuses` tries each status in a bare answer that comes at once; here answers have headers and
bodies that say something else, and come after some seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

from contracts.conformance.attempt_model import first_difference
from contracts.conformance.cases.retry import ATTEMPTS
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import pauses_of
from contracts.conformance.target import InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.shapes import DeliveryJson

ORDER = 123

Answer = dict[str, Any]

#: Header fields by which a server says what is to be done next, or something else than its status.
HEADERS = (
    ("Retry-After", "0"),
    ("Retry-After", "120"),
    ("Retry-After", "86400"),
    ("Retry-After", "Wed, 21 Oct 2037 07:28:00 GMT"),
    ("Location", "https://example.com/elsewhere"),
    ("Refresh", "5"),
    ("Connection", "close"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "identity"),
    ("Cache-Control", "max-age=3600"),
    ("Set-Cookie", "session=1; Path=/"),
    ("Status", "200 OK"),
    ("Status", "503 Service Unavailable"),
    ("X-Error", "invalid event"),
    ("X-Should-Retry", "false"),
    ("X-RateLimit-Remaining", "0"),
    ("WWW-Authenticate", "Basic"),
    ("Warning", '299 - "deprecated"'),
)
#: Texts that say something else than the status.
BODIES = (
    '{"success": false, "error": {"message": "try again"}}',
    '{"success": true}',
    '{"status": "error", "code": 503}',
    '{"status": "ok"}',
    '{"errors": []}',
    '{"retry": false}',
    "error",
    "ok",
    "duplicate",
    "Internal Server Error",
    "retry later",
    "do not retry",
    "404 page not found",
    "<html><head><title>Log in</title></head></html>",
    "{",
    "\u00fc" * 3_000,
)
#: When the head is there, in milliseconds.
DELAYS = (1, 40, 999, 4_000, 11_500, 19_000, 29_400)


@case(
    "PB-RETRY-5XX-WHATEVER",
    "A 5xx is followed by another attempt whatever else the answer says, and however slow it is",
    why="Proxies put Retry-After, pages and JSON around a 503, and say that all is well in it.",
    fix="Look at the status alone; let an hour to ten hours pass.",
    catches=[
        "retry-after-obeyed",
        "5xx-with-page-rejected",
        "5xx-that-says-ok-delivered",
        "slow-5xx-given-up",
    ],
    needs=CLOCK,
)
def server_errors(target: Target, rec: Recorder) -> None:
    """Lets a delivery for each header, body and delay meet them with a 5xx at each attempt."""
    parts = list(_parts())
    rounds = [rec.random.sample(parts, len(parts)) for _ in range(ATTEMPTS)]
    script = [part | {"status": rec.random.randint(500, 599)} for each in rounds for part in each]
    inbox, deliveries = _meet(target, script, len(parts))
    few = [_last(each) for each in deliveries if len(each.attempts) < ATTEMPTS]
    rec.expect([], few, "5xx that no further attempt came after")
    rec.expect({"lost"}, {each.state for each in deliveries}, "ten attempts failed")
    rec.expect(ATTEMPTS * len(parts), len(inbox.requests()), "requests that arrived")
    wrong = [
        f"{(after.started_at - before.ended_at) / timedelta(hours=1):.4g} h after {before.status}"
        for each in deliveries
        for before, after in pairwise(each.attempts)
        # Whether it counts from the beginning of an attempt or from its end is not documented.
        if after.started_at - before.started_at < timedelta(hours=1)
        or after.started_at - before.ended_at > timedelta(hours=10)
    ]
    rec.expect([], wrong[:5], "each pause is one of 1 to 10 hours")


@case(
    "PB-RETRY-STATUS-ALONE",
    "What follows an answer depends on its status alone: not on its headers, body or duration",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A 200 whose text speaks of an error is a success, and a slow 503 delays all that follows.",
    fix="Nothing is documented but the class 5xx; the fake reads no header and no body.",
    catches=[
        "retry-after-obeyed",
        "retries-200-with-error",
        "retries-4xx-with-retry-after",
        "slow-2xx-is-rejected",
        "slow-5xx-from-start",
        "created-elsewhere-is-rejected",
    ],
    needs=CLOCK,
)
def status_alone(target: Target, rec: Recorder) -> None:
    """Answers every class of status with each header, body and delay, at first and at later tries.

    When each attempt was made, and what followed it, is compared with what its status says.
    """
    pauses = pauses_of(target)
    target.fresh()
    statuses = ((200, 299), (300, 399), (400, 499), (500, 599))
    first = [part | {"status": _drawn(rec.random, *each)} for part in _parts() for each in statuses]
    script = rec.random.sample(first, rec.samples(len(first)))
    # At the second attempts and later ones every class comes as well, and most often a 5xx.
    for _ in range(3):
        for part in _parts():
            within = rec.random.choice((*statuses, (500, 599), (500, 599)))
            script.append(part | {"status": _drawn(rec.random, *within)})
    inbox, deliveries = _meet(target, script, rec.samples(len(first)))
    made = sum(len(each.attempts) for each in deliveries)
    rec.expect(made, len(inbox.requests()), "as many requests arrive as attempts are made")
    difference = first_difference(deliveries, target.now(), pauses)
    rec.expect_verdict(
        difference or "by its status",
        "by its status",
        {"by its status": "the schedule counts from the end of each attempt"},
        "the documentation speaks of the code of an error and of nothing else",
    )


def _parts() -> Iterable[Answer]:
    """Yield what an answer may have beside its status, one thing in each."""
    for header in HEADERS:
        yield {"kind": "status", "headers": [list(header)]}
    for body in BODIES:
        yield {"kind": "status", "body": body}
    for delay in DELAYS:
        yield {"kind": "status", "delay": f"{delay}ms"}


def _drawn(random: Random, first: int, last: int) -> int:
    # These have no body, and some of these answers have one.
    return random.choice([each for each in range(first, last + 1) if each not in (204, 304)])


def _meet(
    target: Target, script: list[Answer], number: int
) -> tuple[InboxUnderTest, list[DeliveryJson]]:
    """Let so many deliveries meet these answers, one after the other; then all are 503."""
    inbox = target.inbox([*script, {"kind": "status", "status": 503}])
    target.app.add(inbox.url)
    target.app.trigger_many(["push.open"] * number)
    # Beyond the longest schedule that is documented, nine pauses of ten hours. Slow answers make
    # too many instants to stop at each.
    target.advance(by="100h")
    return inbox, target.app.deliveries()


def _last(delivery: DeliveryJson) -> str:
    made = delivery.attempts
    return f"{made[-1].status} at attempt {len(made)}" if made else "no attempt"
