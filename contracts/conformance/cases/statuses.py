"""Checks what follows from every status that an endpoint can answer, at any of the attempts.

`outcomes` tries one of every sort; here each status is tried, so that no single one is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from contracts.conformance.attempt_model import first_difference, is_retried, is_success
from contracts.conformance.cases.retry import ATTEMPTS
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import pauses_of
from contracts.conformance.target import InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.shapes import AttemptJson, DeliveryJson

ORDER = 122

SERVER_ERRORS = range(500, 600)
#: All that ends a delivery, one way or the other.
FINAL = range(200, 500)
#: Statuses behind which the real answer comes; nothing comes here. 101 is left out: it ends a
#: connection in another way than the others, and clients differ.
INTERIM = (100, *range(102, 200))


def _every_server_error(target: Target, rec: Recorder) -> tuple[InboxUnderTest, list[DeliveryJson]]:
    """Let every 5xx come at every attempt, in an order of its own at each."""
    statuses = list(SERVER_ERRORS)[: rec.samples(len(SERVER_ERRORS))]
    if len(statuses) < len(SERVER_ERRORS):
        statuses = rec.random.sample(SERVER_ERRORS, len(statuses))
    rounds = [rec.random.sample(statuses, len(statuses)) for _ in range(ATTEMPTS)]
    inbox = target.inbox(",".join(str(status) for each in rounds for status in each) + ",200")
    target.app.add(inbox.url)
    target.app.trigger_many(["push.open"] * len(statuses))
    target.until_idle()
    return inbox, target.app.deliveries()


@case(
    "PB-RETRY-EVERY-5XX",
    "Each status from 500 to 599 is followed by another attempt, ten in all, whenever it comes",
    why="What a proxy, a CDN or a framework answers while it is down may be any of them.",
    fix="Decide by the class of the status, and count attempts whatever their statuses were.",
    catches=[
        "no-retry-on-599",
        "only-503-retried",
        "no-retry-on-500",
        "no-retry-on-547",
        "late-501-not-retried",
        "eight-retries-for-504",
        "status-change-ends-retries",
    ],
    needs=CLOCK,
)
def every_server_error(target: Target, rec: Recorder) -> None:
    """Lets a hundred deliveries meet each of the hundred statuses at each of the ten attempts."""
    inbox, deliveries = _every_server_error(target, rec)
    ended = [each for each in deliveries if len(each.attempts) < ATTEMPTS]
    last = {(each.attempts[-1].status, len(each.attempts)) for each in ended if each.attempts}
    early = [f"{status} at attempt {number}" for status, number in sorted(last, key=str)]
    rec.expect([], early, "5xx that no further attempt came after")
    rec.expect([], [each.id for each in ended], "deliveries of which no attempt was made")
    more = [each.id for each in deliveries if len(each.attempts) > ATTEMPTS]
    rec.expect([], more, "deliveries of which more than ten attempts were made")
    rec.expect({"lost"}, {each.state for each in deliveries}, "ten attempts failed")
    rec.expect(ATTEMPTS * len(deliveries), len(inbox.requests()), "requests that arrived")
    met = {(attempt.number, attempt.status) for each in deliveries for attempt in each.attempts}
    rec.expect(ATTEMPTS * len(deliveries), len(met), "each status was answered at each attempt")


@case(
    "PB-RETRY-EVERY-5XX-PAUSE",
    "The schedule does not depend on which 5xx is answered, nor on its changing",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An endpoint on its way up and down answers 502, 503, 504 and 500 in turn.",
    fix="Nothing is documented; the fake knows one schedule for all of them.",
    catches=[
        "linear-backoff",
        "delay-for-502-half",
        "delay-for-596-longer",
        "third-pause-by-status",
        "status-change-starts-over",
        "eighth-pause-late",
        "tenth-pause-sooner",
    ],
    needs=CLOCK,
)
def every_pause(target: Target, rec: Recorder) -> None:
    """Does the same as PB-RETRY-EVERY-5XX, and compares the instant of every attempt."""
    pauses = pauses_of(target)
    difference = first_difference(_every_server_error(target, rec)[1], target.now(), pauses)
    rec.expect_verdict(
        difference or "one schedule",
        "one schedule",
        {"one schedule": "the one of 503, whatever the statuses are"},
        "alarms and clean-up jobs depend on when a retry comes",
    )


@case(
    "PB-RETRY-EVERY-STATUS",
    "Each 2xx is a success, each 3xx and 4xx the end, and a 1xx no answer, whenever it comes",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A status that nobody thought of must not be sent again for three days, nor be lost.",
    fix="Only 5xx is documented as retried; the fake decides by the class of the status.",
    catches=[
        "only-200-is-success",
        "retries-404",
        "retries-302",
        "retries-429",
        "retries-418",
        "retries-399",
        "retries-late-408",
        "retries-4xx-after-5xx",
        "204-is-rejected",
        "291-is-rejected",
        "late-2xx-is-rejected",
        "304-is-delivered",
        "1xx-is-rejected",
    ],
    needs=CLOCK,
)
def every_status(target: Target, rec: Recorder) -> None:
    """Answers each status from 100 to 499 at the first, the last and one other attempt."""
    found = _wrong(_at_first(target, rec, FINAL)) + _wrong(_at_first(target, rec, INTERIM))
    found += _wrong(_at_later(target, rec))
    rec.expect_verdict(
        ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")
        or "by class",
        "by class",
        {"by class": "2xx is delivered, 3xx and 4xx are rejected, after 1xx it goes on"},
        "the documentation speaks of 5xx only",
    )


def _at_first(target: Target, rec: Recorder, statuses: Iterable[int]) -> list[DeliveryJson]:
    target.fresh()
    all_of_them = list(statuses)
    answers = rec.random.sample(all_of_them, rec.samples(len(all_of_them)))
    inbox = target.inbox(",".join(map(str, answers)) + ",200")
    target.app.add(inbox.url)
    target.app.trigger_many(["push.open"] * len(answers))
    target.advance(by="72h")
    deliveries = target.app.deliveries()
    made = sum(len(each.attempts) for each in deliveries)
    rec.expect(made, len(inbox.requests()), "as many requests arrive as attempts are made")
    return deliveries


def _at_later(target: Target, rec: Recorder) -> list[DeliveryJson]:
    """Answer each status at the tenth attempt, and at one of those between: an inbox for each."""
    target.fresh()
    answers = rec.random.sample(FINAL, rec.samples(len(FINAL)))
    between = range(2, ATTEMPTS)
    size = -(-len(answers) // len(between))
    own = [(place, answers[n * size : (n + 1) * size]) for n, place in enumerate(between)]
    last = rec.random.sample(answers, len(answers))
    own += [(ATTEMPTS, last[start : start + size]) for start in range(0, len(last), size)]
    app = target.another_app(rule_limit=len(own))
    for place, statuses in own:
        statuses += rec.random.sample(FINAL, size - len(statuses))
        script = f"503*{size * (place - 1)}," + ",".join(map(str, statuses)) + ",200"
        app.add(target.inbox(script).url)
    app.trigger_many(["push.open"] * size)
    target.until_idle()
    return app.deliveries()


def _wrong(deliveries: Iterable[DeliveryJson]) -> list[str]:
    """Return in words which answers were not followed by what must follow."""
    found: dict[str, set[int]] = defaultdict(set)
    for each in deliveries:
        for attempt, following in zip(each.attempts, [*each.attempts[1:], None], strict=True):
            state = each.state if following is None else "pending"
            wanted = _wanted(attempt)
            if state != wanted:
                answer = attempt.status if attempt.outcome == "response" else attempt.outcome
                found[f"{answer} is {state}, not {wanted}"].add(attempt.number or 0)
    return [f"{what} (attempt {min(numbers)})" for what, numbers in sorted(found.items())]


def _wanted(attempt: AttemptJson) -> str:
    if is_success(attempt):
        return "delivered"
    if not is_retried(attempt):
        return "rejected"
    return "lost" if attempt.number == ATTEMPTS else "pending"
