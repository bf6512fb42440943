"""Checks the schedule of retries: nine more attempts over 65 hours, then none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import PROMISED, is_documented, offsets_of, pauses_of
from contracts.conformance.target import EVERY_MESSAGE_VALUE, InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin
from mockserver.web.shapes import DeliveryJson

ORDER = 110

OFFSET_HOURS = [round(offset / timedelta(hours=1)) for offset in offsets_of(PROMISED)]
ATTEMPTS = 10


def failing(target: Target, behaviour: str = "503") -> tuple[InboxUnderTest, DeliveryJson]:
    """Let one event happen at an inbox that behaves so, and turn the clock until it is over."""
    inbox = target.inbox(behaviour)
    target.app.add(inbox.url + EVERY_MESSAGE_VALUE)
    delivery = target.app.trigger_one("email.click")
    target.until_idle()
    return inbox, target.delivery(delivery.id)


def _hours(delivery: DeliveryJson) -> list[float]:
    return [attempt.offset_hours for attempt in delivery.attempts]


def pauses(delivery: DeliveryJson) -> list[float]:
    """Return the hours from the end of each attempt to the start of the next."""
    return [
        (later.started_at - earlier.ended_at) / timedelta(hours=1)
        for earlier, later in pairwise(delivery.attempts)
    ]


def _grows(numbers: Sequence[float]) -> bool:
    return all(later >= earlier for earlier, later in pairwise(numbers))


@case(
    "PB-RETRY-COUNT",
    "A postback that is answered 5xx is sent nine more times, ten in all",
    why="An endpoint that is down for long gets ten chances, no more.",
    fix="Stop after the tenth attempt.",
    catches=["eight-retries", "ten-retries", "lost-kept-alive"],
    needs=CLOCK,
)
def count(target: Target, rec: Recorder) -> None:
    """Answers 503 for ever and counts what arrives."""
    inbox, delivery = failing(target)
    rec.expect(ATTEMPTS, len(inbox.requests()), "requests that arrived")
    numbers = [attempt.number for attempt in delivery.attempts]
    rec.expect(list(range(1, ATTEMPTS + 1)), numbers, "attempts, by their numbers")


@case(
    "PB-RETRY-BACKOFF",
    "The pauses grow, from 1 hour to 10 hours",
    why="An outage of minutes costs an hour, one of a day costs little more.",
    fix="Begin with 1 hour, grow exponentially, never wait longer than 10 hours.",
    catches=[
        "uncapped-backoff",
        "capped-at-12h",
        "linear-backoff",
        "first-delay-30-minutes",
        "jitter",
    ],
    needs=CLOCK,
)
def backoff(target: Target, rec: Recorder) -> None:
    """Answers 503 for ever and looks at the pauses between attempts."""
    hours = pauses(failing(target)[1])
    rec.expect_that(len(hours) > 2, "pauses", hours, "there are retries")
    rec.expect(1, hours[0], "the first pause is an hour")
    rec.expect(10, max(hours), "the longest pause is ten hours")
    rec.expect_that(_grows(hours), "pauses that never get shorter", hours, "backoff")
    factors = [later / earlier for earlier, later in pairwise(hours) if later < 10]
    rec.expect_that(
        not factors or (max(factors) - min(factors) < 0.01 and min(factors) > 1),
        "the same factor between pauses below ten hours",
        hours,
        "the backoff is exponential",
    )


@case(
    "PB-RETRY-SCHEDULE",
    "The pauses are 1, 2, 4, 8, 10, 10, 10, 10 and 10 hours: 65 in all",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Alarms and clean-up jobs depend on how long a retry may still come.",
    fix="Doubling, capped; the delays are a knob of an app.",
    catches=["base-three", "linear-backoff", "first-delay-30-minutes", "eight-retries"],
    needs=CLOCK,
)
def schedule(target: Target, rec: Recorder) -> None:
    """Answers 503 for ever and reads when each attempt was made."""
    _, delivery = failing(target)
    seen = ", ".join(f"{offset:g}" for offset in _hours(delivery))
    promised = ", ".join(str(offset) for offset in OFFSET_HOURS)
    accepted = {promised: "hours after the first attempt: doubling, capped at ten"}
    if is_documented([timedelta(hours=hours) for hours in pauses(delivery)]):
        accepted.setdefault(seen, "another factor, and all that is documented")
    rec.expect_verdict(
        seen, promised, accepted, "the documentation gives the first and the last pause only"
    )


@case(
    "PB-RETRY-FROM-END",
    "A pause counts from the end of the failed attempt",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Ten timeouts shift the last attempt by four and a half minutes.",
    fix="Nothing is documented; the fake counts from the end.",
    catches=["delay-from-start"],
    needs=CLOCK,
)
def from_end(target: Target, rec: Recorder) -> None:
    """Hangs for ever and reads when each attempt was made."""
    offsets = offsets_of(pauses_of(target))
    _, delivery = failing(target, "hang")
    seconds = [
        (attempt.started_at - delivery.attempts[0].started_at - offset).total_seconds()
        for attempt, offset in zip(delivery.attempts, offsets, strict=False)
    ]
    thirties = [30.0 * number for number in range(len(seconds))]
    seen = "end" if seconds == thirties else "start" if not any(seconds) else f"{seconds}"
    rec.expect_verdict(
        seen,
        "end",
        {"end": "each timeout delays what follows by 30 s", "start": "timeouts delay nothing"},
        f"seconds beyond whole hours: {seconds}",
    )


@case(
    "PB-RETRY-NO-JITTER",
    "Two deliveries that fail together are retried together",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An endpoint that comes back meets all that failed at once.",
    fix="Nothing is documented; the fake adds no random part.",
    catches=["jitter"],
    needs=CLOCK,
)
def no_jitter(target: Target, rec: Recorder) -> None:
    """Lets three deliveries fail at the same instant and compares their schedules."""
    target.app.add(target.inbox("503").url)
    ids = [target.app.trigger_one("push.open").id for _ in range(3)]
    target.until_idle()
    starts = [
        [attempt.started_at for attempt in target.delivery(number).attempts] for number in ids
    ]
    rec.expect_verdict(
        "none" if starts[0] == starts[1] == starts[2] else "some",
        "none",
        {"none": "their attempts are at the same instants", "some": "they drift apart"},
        "no random part is documented",
    )


@case(
    "PB-RETRY-LOST",
    "After ten failures the data is lost, for ever",
    why="Nobody tells the receiver; what it missed by then has to come from an export.",
    fix="Never send a lost postback again.",
    catches=["lost-kept-alive", "ten-retries"],
    needs=CLOCK,
)
def lost(target: Target, rec: Recorder) -> None:
    """Answers 503 ten times and 200 from then on, and lets a year go by."""
    inbox = target.inbox("503*10,200")
    target.app.add(inbox.url)
    delivery = target.app.trigger_one("email.click")
    target.advance(by="8760h")
    ended = target.delivery(delivery.id)
    rec.expect("lost", ended.state, "ten attempts failed")
    rec.expect(None, ended.due_at, "nothing is due any more")
    rec.expect(ATTEMPTS, len(inbox.requests()), "no request comes after the tenth")


@case(
    "PB-RETRY-SUCCESS-ENDS",
    "The first success ends the retries, up to the tenth attempt",
    why="What was stored must not come again without need.",
    fix="Make no attempt after a 2xx.",
    catches=["retries-after-success", "eight-retries"],
    needs=CLOCK,
)
def success_ends(target: Target, rec: Recorder) -> None:
    """Lets the second, the fifth and the tenth attempt succeed."""
    for failures in (1, 4, 9):
        target.fresh()
        inbox, delivery = failing(target, f"503*{failures},200")
        rec.expect("delivered", delivery.state, f"attempt {failures + 1} was answered 200")
        rec.expect(failures + 1, len(inbox.requests()), "and was the last one")


@case(
    "PB-RETRY-SAME-REQUEST",
    "Every attempt is the same request",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A receiver can only recognise a retry by its values; there is no id.",
    fix="Render the URL when the event happens, and keep it.",
    catches=["url-changes"],
    needs=CLOCK,
)
def same_request(target: Target, rec: Recorder) -> None:
    """Answers 503 for ever and compares method, URL, headers and body of all ten."""
    inbox, _ = failing(target)
    seen = {
        (item.method, item.target, item.body, tuple((h.name, h.value) for h in item.headers))
        for item in inbox.requests()
    }
    rec.expect_verdict(
        "identical" if len(seen) == 1 else f"{len(seen)} different ones",
        "identical",
        {"identical": "nothing tells one attempt from another"},
        "; ".join(sorted(item[1] for item in seen))[:500],
    )


@case(
    "PB-RETRY-RESTART",
    "What is pending survives a restart of the server, on the same schedule",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A sandbox that runs for a team is restarted; Leanplum's own restarts are not seen.",
    fix="Keep deliveries and their next instant on disk, and write both at once.",
    catches=["forgets-at-restart", "restart-counts-anew", "restart-sends-at-once"],
    needs=(*CLOCK, Need.RESTART),
)
def restart(target: Target, rec: Recorder) -> None:
    """Restarts after the first, the second and the fifth attempt, then lets it fail to the end."""
    expected = [offset / timedelta(hours=1) for offset in offsets_of(pauses_of(target))]
    inbox = target.inbox("503")
    target.app.add(inbox.url)
    delivery = target.app.trigger_one("push.open")
    for hours in (0, 1, 14):
        target.advance(by=f"{hours}h")
        target.restart()
        inbox.behave("503")
    target.until_idle()
    ended = target.control.deliveries(app_id=target.app.app_id).deliveries
    offsets = [_hours(item) for item in ended]
    # They are told in hours, and a third of an hour has no end.
    as_if_never = [[round(hours, 5) for hours in expected]]
    seen = [[round(hours, 5) for hours in each] for each in offsets]
    rec.expect_verdict(
        "survives" if seen == as_if_never else f"attempts at hours {offsets}",
        "survives",
        {"survives": "the attempts are where they would have been"},
        f"delivery {delivery.id} after three restarts",
    )
