"""Checks when an answer comes too late for the 30 seconds, and what follows then."""

from __future__ import annotations

from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin
from mockserver.web.shapes import AttemptJson

ORDER = 100

CLOCK = (Need.CONTROL, Need.MANUAL_CLOCK)


def _first_attempt(target: Target, behaviour: str) -> AttemptJson:
    target.app.add(target.inbox(behaviour).url)
    delivery = target.app.trigger_one("push.open")
    target.rec.expect_that(
        len(delivery.attempts) > 0, "an attempt", delivery.attempts, "the first one is made at once"
    )
    return delivery.attempts[0]


def _in_short(attempt: AttemptJson) -> tuple[str, float]:
    return attempt.outcome, attempt.elapsed_seconds


@case(
    "PB-DELIVER-TIMEOUT",
    "An answer after 29.9 seconds counts, none after 30 seconds does",
    why="An endpoint that works on the request before it answers runs into it.",
    fix="Wait for 30 seconds, not for less and not for more.",
    catches=["timeout-29", "timeout-31", "timeout-60"],
    needs=CLOCK,
)
def timeout(target: Target, rec: Recorder) -> None:
    """Answers after 29.9 s, after 30.5 s, after 31 s, and never."""
    behaviours = ("200@29900ms", "200@30500ms", "200@31s", "hang")
    attempts = {}
    for behaviour in behaviours:
        target.fresh()
        attempts[behaviour] = list(_in_short(_first_attempt(target, behaviour)))
    late = ["timeout", 30.0]
    expected = {"200@29900ms": ["response", 29.9]} | dict.fromkeys(behaviours[1:], late)
    rec.expect(expected, attempts, "outcome and seconds of each attempt")


@case(
    "PB-DELIVER-TIMEOUT-EXACT",
    "An answer at exactly 30 seconds is too late; a millisecond before it is in time",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Whoever answers just in time has nothing left for the network.",
    fix="Nothing is documented of the last instant; the fake counts 30 seconds as over.",
    catches=["timeout-just-after-30"],
    needs=CLOCK,
)
def exact(target: Target, rec: Recorder) -> None:
    """Answers a millisecond before 30 seconds, at 30 seconds, and a millisecond after."""
    outcomes = []
    for behaviour in ("200@29999ms", "200@30s", "200@30001ms"):
        target.fresh()
        outcomes.append(_first_attempt(target, behaviour).outcome)
    rec.expect(["response", "timeout", "timeout"], outcomes, "what came of each attempt")


@case(
    "PB-DELIVER-TIMEOUT-TOTAL",
    "The 30 seconds are a total, up to the end of the response head",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A proxy that trickles header bytes keeps a connection alive without answering.",
    fix="Bound the whole attempt, not each read.",
    catches=["timeout-per-read"],
    needs=CLOCK,
)
def total(target: Target, rec: Recorder) -> None:
    """Sends the head of the answer one byte every two seconds."""
    outcome = _first_attempt(target, "drip@2s").outcome
    rec.expect_verdict(
        {"timeout": "total", "response": "each read"}.get(outcome, outcome),
        "total",
        {"total": "30 seconds for all of it", "each read": "30 seconds for each byte"},
        "the documentation says `unresponsive` and no more",
    )


@case(
    "PB-RETRY-TIMEOUT",
    "A timeout is retried like a 5xx",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A slow endpoint that did its work gets the same event again, up to nine times.",
    fix="Nothing is documented but `if the error code is 5xx`; the fake retries timeouts.",
    catches=["timeout-not-retried"],
    needs=CLOCK,
)
def retried(target: Target, rec: Recorder) -> None:
    """Hangs once, then answers."""
    inbox = target.inbox("hang,200")
    target.app.add(inbox.url)
    delivery = target.app.trigger_one("push.open")
    target.until_idle()
    ended = target.delivery(delivery.id)
    rec.expect_verdict(
        {"delivered": "retried"}.get(ended.state, f"{ended.state} after a timeout"),
        "retried",
        {"retried": "it is sent again", "lost after a timeout": "the data is gone"},
        "an endpoint that was busy for a minute",
    )
