"""Sends the same postback again, as Leanplum does after an answer that came too late or was lost.

An endpoint must answer 2xx to it and count the event once.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.suite.recorder import NotApplicable, Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.consequence import is_accepted, is_retried, outcome_text
from contracts.verify.lookalikes import JOINS, NEAR, differing, is_varied, near_pairs
from contracts.verify.postbacks import Postback
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import PostbackType
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
    fix="Let the database refuse a second event with the same values: user, device, message, "
    "event, channel, template, time and Parameters, or A/B test and variant.",
    follows_from=["retry-same-request", "retry-timeout"],
    catches=["counts-duplicates", "takes-arrival-for-identity", "counts-the-third"],
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
    fix="Let the database refuse a second event with the same values: user, device, message, "
    "event, channel, template, time and Parameters, or A/B test and variant.",
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
    target.note(postback)
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
    "PB-REPEAT-EMPTY",
    "A postback with empty values counts once when it comes again",
    why="To SQL nulls are never equal: a unique constraint with a null in it refuses nothing.",
    fix="Store an empty value as empty text, not as null, or let the constraint treat nulls as "
    "equal (NULLS NOT DISTINCT).",
    follows_from=["template-empty", "template-device-empty", "retry-same-request"],
    catches=["nulls-are-never-equal", "counts-duplicates", "null-users-are-never-equal"],
    needs=[Need.PROBE],
    most_requests=2 * 5 + 1,
)
def empty_again(target: EndpointTarget, rec: Recorder) -> None:
    """Sends postbacks with one value or several empty, each of them twice, and asks.

    One without a user is among them if the endpoint takes such events.
    """
    described = [(postback, what) for postback, what in _shapes(target) for _ in range(2)]
    target.expect_kept_apart(described)


@endpoint_case(
    "PB-REPEAT-DISTINCT",
    "Events that differ in one value are not taken for duplicates",
    why="The same user may open the same message on two devices, or twice, or click two links.",
    fix="Tell events apart by all values of the URL together: user, device, message, event, "
    "channel, template, time and Parameters, or A/B test and variant.",
    follows_from=["deliver-no-id", "template-time", "template-device-id", "parameters-click"],
    catches=[
        "one-event-a-user",
        "one-event-a-message",
        "one-event-a-moment",
        "dedupes-by-second",
        "forgets-the-device",
        "forgets-the-user",
        "forgets-the-message",
        "forgets-the-event",
        "forgets-the-time",
        "forgets-parameters",
        "forgets-the-channel",
        "dedupes-by-minute",
        "dedupes-by-index",
    ],
    needs=[Need.PROBE],
    most_requests=30,
)
def distinct(target: EndpointTarget, rec: Recorder) -> None:
    """Sends events that differ from another in exactly one value of the URL, and asks.

    With a probe that answers entries, only in values that it shows: the others may not be kept.
    """
    described = list(differing(target))
    if not any(is_varied(what) for _, what in described):
        raise NotApplicable(
            "the URL carries nothing, or the probe shows nothing, by which two events could differ"
        )
    target.expect_kept_apart(described)


@endpoint_case(
    "PB-REPEAT-NEAR",
    "Ids that differ only in case, accents, a blank, a zero, or in where one ends, are kept apart",
    why="A database that compares without case or accents, or pads with blanks, takes two "
    "users for one, and drops the events of the second. So does a key of values joined to a text.",
    fix='Compare byte by byte: a binary collation (utf8mb4_bin, COLLATE "C"), text columns, and a '
    "key of several columns.",
    follows_from=["template-user-id", "template-device-id", "template-round-trip"],
    catches=[
        "compares-without-case",
        "compares-without-blanks",
        "compares-as-numbers",
        "compares-devices-without-case",
        "compares-without-accents",
        "compares-devices-without-accents",
        "compares-devices-without-blanks",
        "compares-composed",
        "joins-values",
        "joins-values-with-a-bar",
        "joins-ids-with-a-dash",
    ],
    needs=[Need.PROBE],
    most_requests=2 * (2 * len(NEAR) + 1 + len(JOINS)) + 1,
)
def near(target: EndpointTarget, rec: Recorder) -> None:
    """Sends pairs of events whose users, or devices, differ in next to nothing, and asks.

    With a probe that answers entries, only those that it shows.
    """
    target.needs("User ID", "Device ID")
    described = list(near_pairs(target))
    if not described:
        raise NotApplicable("the probe shows neither user ids nor device ids")
    target.expect_kept_apart(described)


def _shapes(target: EndpointTarget) -> Iterator[tuple[Postback, str]]:
    """Yield postbacks with empty values, each with which are empty."""
    carries = target.subscription.carries
    yield target.postback(), "nothing is empty that can have a value"
    if carries("Device ID") and carries("User ID"):
        yield target.postback(device_id=""), "the device id is empty"
        if is_accepted(target.send(target.postback(user_id=""))):
            yield target.postback(user_id=""), "the user id is empty"
    if carries("Parameters") and target.subscription.type is PostbackType.MESSAGE_EVENTS:
        yield target.postback(parameters={}), "Parameters are {}"
        if carries("Device ID") and carries("User ID"):
            yield target.postback(device_id="", parameters={}), "device id and Parameters are empty"


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
