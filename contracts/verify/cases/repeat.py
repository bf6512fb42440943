"""Sends the same postback again, as Leanplum does after an answer that came too late or was lost.

An endpoint must answer 2xx to it and count the event once.
"""

from __future__ import annotations

from typing import Any

from contracts.suite.recorder import Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.postbacks import Postback
from contracts.verify.target import EndpointTarget, is_accepted, is_retried, outcome_text
from mockserver.core.retry import RetryPolicy

ORDER = 250

_LIMIT = RetryPolicy().attempt_limit


@endpoint_case(
    "PB-REPEAT-ALIKE",
    "The same postback again is answered 2xx as well",
    why="A retry after a timeout finds the event stored. An error makes Leanplum try on, or drop "
    "it and look broken.",
    fix="Recognise the duplicate, ignore it, and answer as the first time.",
    follows_from=["retry-same-request", "retry-timeout"],
    catches=["conflict-on-duplicate", "not-modified-on-duplicate", "fails-on-duplicate"],
    most_requests=2,
)
def alike(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback twice."""
    postback = target.postback()
    target.accept(postback, "a new postback")
    target.accept(postback, "the same postback again, as a retry")


@endpoint_case(
    "PB-REPEAT-TEN",
    "The same postback is answered 2xx ten times",
    why="Ten is how often Leanplum sends one event if answers keep getting lost.",
    fix="Exempt the endpoint from rate limits and bans, and answer duplicates like the first.",
    follows_from=["retry-count", "retry-same-request"],
    catches=["too-many-requests", "fails-on-duplicate"],
    most_requests=_LIMIT,
)
def ten(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback ten times."""
    postback = target.postback()
    target.accept_all([postback] * _LIMIT, "the same postback ten times")


@endpoint_case(
    "PB-REPEAT-ONCE",
    "A postback that is sent several times counts once",
    why="Whoever counts retries reports opens and clicks that never happened.",
    fix="Let the database refuse a second event of the same user, message, event and time.",
    follows_from=["retry-same-request", "retry-timeout"],
    catches=["counts-duplicates", "takes-arrival-for-identity"],
    needs=[Need.PROBE],
    most_requests=3,
)
def once(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback three times and asks how often it was stored."""
    before = target.stored_at_rest()
    postback = target.postback()
    target.accept_all([postback] * 3, "the same postback three times")
    target.expect_stored_once([postback], before, "it was sent three times, as a retry would be")


@endpoint_case(
    "PB-REPEAT-ANSWER-LOST",
    "A postback whose answer nobody waited for counts once when it comes again",
    why="After 30 seconds Leanplum hangs up; what the endpoint does with the request goes on.",
    fix="Let the database refuse a second event of the same user, message, event and time.",
    follows_from=["deliver-timeout", "retry-timeout", "retry-same-request"],
    catches=["counts-duplicates"],
    needs=[Need.PROBE, Need.CONNECTIONS],
    most_requests=2,
)
def answer_lost(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback, hangs up without reading the answer, and sends it again.

    The second is sent when the first is stored, or after 3 s.
    """
    before = target.stored_at_rest()
    postback = target.postback()
    target.endpoint.budget.take()
    with target.endpoint.connection() as connection:
        connection.send("POST", postback.request_target, target.endpoint.headers)
    # A real retry comes an hour later, when the first request is done. Here it must wait, too.
    target.stored([postback], count=before.count + 1)
    target.accept(postback, "the same postback again, the first answer was not read")
    target.expect_stored_once([postback], before, "sent again after the first answer got lost")


@endpoint_case(
    "PB-REPEAT-AFTER-5XX",
    "A postback that was answered 5xx counts once when the retry is accepted",
    why="An endpoint that stores first and fails afterwards counts every retry.",
    fix="Store and answer as one: answer 2xx as soon as the event is stored, or undo it.",
    follows_from=["retry-5xx", "retry-same-request"],
    catches=["stores-before-500"],
    needs=[Need.PROBE],
    most_requests=4 * _LIMIT,
)
def after_5xx(target: EndpointTarget, rec: Recorder) -> None:
    """Sends four postbacks, those that fail again as often as Leanplum would, and asks."""
    before = target.stored_at_rest()
    postbacks = [target.postback() for _ in range(4)]
    failed = sum(_deliver(target, rec, postback) for postback in postbacks)
    times = f"{failed} of 4 were answered 5xx at first, and" if failed else "4 postbacks"
    target.expect_stored_once(postbacks, before, f"{times} were accepted in the end")


@endpoint_case(
    "PB-REPEAT-DISTINCT",
    "Events that look alike are not taken for duplicates",
    why="The same user may open the same message twice, and click after opening.",
    fix="Tell events apart by user, message, event and time together.",
    follows_from=["deliver-no-id", "template-time"],
    catches=[
        "one-event-a-user",
        "one-event-a-message",
        "one-event-a-moment",
        "dedupes-by-second",
    ],
    needs=[Need.PROBE],
    most_requests=4,
)
def distinct(target: EndpointTarget, rec: Recorder) -> None:
    """Sends events of one user and one message that differ in event, time, and message."""
    subscription = target.subscription
    target.needs("Trigger time", "Message ID", "Message event")
    before = target.stored_at_rest()
    first = target.postback()
    alike = [first, *_lookalikes(target, first)]
    urls = list(dict.fromkeys(each.url for each in alike))
    target.accept_all(alike, "events of the same user")
    after = target.stored_at_rest([first], times=len(urls), count=before.count + len(urls))
    stored = after.count - before.count
    if after.entries is not None:
        stored = len(after.of(first))
    carried = ", ".join(f"{{{{{name}}}}}" for name in subscription.template.placeholders)
    rec.expect(len(urls), stored, f"so many different URLs were sent; they carry {carried}")


def _lookalikes(target: EndpointTarget, first: Postback) -> list[Postback]:
    """Return postbacks of other events of the same user that look like the first."""
    event = first.event
    ids: dict[str, Any] = {"user_id": event.user_id, "device_id": event.device_id}
    others = [
        kind
        for kind in target.subscription.kept[1:]
        if kind.event != target.subscription.kept[0].event
    ]
    same: dict[str, Any] = {
        name: getattr(event, name)
        for name in ("message_id", "ab_test_id")
        if getattr(event, name, "")
    }
    found = [target.postback(**ids, **same)]
    if others:
        found.append(target.postback(others[0], **ids, **same, triggered_at=event.triggered_at))
    found.append(target.postback(**ids, triggered_at=event.triggered_at))
    return found


def _deliver(target: EndpointTarget, rec: Recorder, postback: Postback) -> bool:
    """Send a postback as often as Leanplum would; return whether the first attempt failed.

    Raises:
        Deviation: It was never accepted.
    """
    for number in range(1, _LIMIT + 1):
        outcome = target.send(postback)
        if is_accepted(outcome):
            return number > 1
        if not is_retried(outcome):
            break
    rec.expect_that(
        False, "2xx in the end", Said(outcome_text(outcome)), f"attempt {number}; the data is lost"
    )
    return True
