"""Tries the answer: it must be 2xx, for every event, in time, and meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from contracts.suite.recorder import NotApplicable, Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level
from contracts.verify.consequence import consequence, is_accepted, outcome_text
from contracts.verify.meant import contradiction
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import Channel, EventKind, PostbackType
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.template import Template
from mockserver.core.wording import count

ORDER = 220

#: An answer that takes this long is worth a warning: a third of the 30 s that Leanplum waits.
SLOW = timedelta(seconds=10)
#: How many answers are timed.
TIMED = 8


@endpoint_case(
    "PB-ANSWER-POST",
    "A POST without a body and without a Content-Type is answered 2xx",
    why="All values are in the URL. Frameworks that want a body or its type answer 400 or 415.",
    fix="Route POST, read the query, and ask for no body, no Content-Type and no login.",
    follows_from=["deliver-post", "deliver-empty-body", "deliver-success", "deliver-no-extras"],
    catches=[
        "needs-json-body",
        "needs-content-type",
        "only-get",
        "wants-authorization",
        "wants-a-csrf-token",
        "wants-a-user-agent",
    ],
    most_requests=1,
)
def post(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the usual postback."""
    target.accept(target.postback(), "a bare POST, all values in the URL")


@endpoint_case(
    "PB-ANSWER-FIRST",
    "The first postback of the run is answered 2xx, as the next ones are",
    why="An endpoint that is cold fails the first event after a quiet night; the retry comes an "
    "hour later, when it may be cold again.",
    fix="Keep one instance warm, answer from a queue, and connect to the database at the start.",
    follows_from=["retry-5xx", "retry-timeout", "deliver-timeout"],
    catches=["first-answer-503", "first-answer-late", "first-answer-fails"],
    most_requests=2,
)
def first(target: EndpointTarget, rec: Recorder) -> None:
    """Looks at the answer to the first postback of the run, and sends one more to compare."""
    sent = target.endpoint.sent
    if sent.first is None:
        target.send(target.postback())
    outcome, exchange = sent.first, sent.first_exchange
    assert outcome is not None
    assert exchange is not None
    if is_accepted(outcome):
        rec.checks += 1
        return
    if not is_accepted(target.send(target.postback())):
        raise NotApplicable("the next one is not answered 2xx either; see PB-ANSWER-POST")
    target.exchanges.append(exchange)
    target.show(exchange)
    rec.expect_that(
        False,
        "2xx",
        Said(outcome_text(outcome)),
        f"the first postback, and the next one was answered 2xx; {consequence(outcome)}",
    )


@endpoint_case(
    "PB-ANSWER-EVENTS",
    "Every event of the subscribed channels is answered 2xx",
    why="Single events cannot be subscribed to; those nobody asked for arrive as well.",
    fix="Answer 2xx to events that are of no use, and ignore them.",
    follows_from=["events-complete", "events-push", "events-email", "events-in-app-all"],
    catches=["refuses-unknown-events", "fails-on-held-back"],
    most_requests=40,
)
def events(target: EndpointTarget, rec: Recorder) -> None:
    """Sends each event of the catalog that the rule is fired by, channel by channel."""
    refused: list[tuple[str, Outcome]] = []
    kinds = target.subscription.kinds
    for kind in kinds:
        outcome = target.send(target.postback(kind))
        rec.checks += 1
        if is_accepted(outcome):
            continue
        if not refused:
            target.show(target.exchanges[-1])
        refused.append((kind.name, outcome))
        if outcome.kind is not OutcomeKind.RESPONSE:
            rec.step(f"{kind.name} was not answered, so the events after it were not sent")
            break
    if refused:
        first = refused[0][1]
        rec.expect_that(
            False,
            f"2xx for each of {count(len(kinds), 'event')}",
            Said("; ".join(_by_answer(refused))),
            f"{count(len(refused), 'event')} refused; {consequence(first)}",
        )


def _by_answer(refused: Sequence[tuple[str, Outcome]]) -> Iterator[str]:
    """Yield which events got which answer, e.g. `400: email.send, email.open`."""
    names: dict[str, list[str]] = {}
    for name, outcome in refused:
        names.setdefault(outcome_text(outcome), []).append(name)
    for answer, each in names.items():
        yield f"{answer}: {', '.join(each)}"


@endpoint_case(
    "PB-ANSWER-NEW-EVENT",
    "An event or in-app template that nobody has heard of is answered 2xx",
    level=Level.SHOULD,
    why="Templates of one's own have names of their own, and Leanplum may add events.",
    fix="Treat an unknown name like an event that is of no use: answer 2xx, and log it.",
    follows_from=["events-in-app-custom", "events-in-app-all"],
    catches=["refuses-unknown-templates", "refuses-unknown-events"],
    most_requests=2,
)
def new_event(target: EndpointTarget, rec: Recorder) -> None:
    """Sends an in-app view of a template with a name of its own, and an event that is new."""
    subscription = target.subscription
    if subscription.type is not PostbackType.MESSAGE_EVENTS:
        raise NotApplicable("A/B tests have one event only")
    target.needs("Message event", "Template name")
    if Channel.IN_APP in subscription.channels:
        own = EventKind(
            "in-app.own.view", subscription.type, Channel.IN_APP, "View", "Spring sale wheel"
        )
        target.accept(target.postback(own), "in-app template 'Spring sale wheel', View")
    if subscription.carries("Message event"):
        # No event of the catalog has this name, so the URL is written by hand.
        changed = subscription.template.url.replace("{{Message event}}", _NEW_EVENT)
        event = target.postback().event
        target.accept(
            target.composer.written(Template(changed).render(event)),
            "an event called 'Forwarded to a friend'",
        )


@endpoint_case(
    "PB-ANSWER-MEANT",
    "A 2xx is no login page, no error page, and no error in JSON",
    why="Leanplum looks at the status only: what is answered 200 is never sent again.",
    fix="Answer 2xx only when the event is stored, 5xx when it could not be, and keep the endpoint "
    "out of whatever shows a login page.",
    follows_from=["deliver-success", "retry-success-ends"],
    catches=[
        "login-page-with-200",
        "error-page-with-200",
        "error-in-json-with-200",
        "application-with-200",
        "bot-page-with-200",
        "envelope-with-200",
        "plain-error-with-200",
        "warning-with-200",
    ],
    most_requests=2,
)
def meant(target: EndpointTarget, rec: Recorder) -> None:
    """Sends two postbacks and reads the bodies of the answers."""
    for _ in range(2):
        outcome = target.send(target.postback())
        if is_accepted(outcome):
            what = contradiction(outcome.body)
            rec.expect_that(
                not what,
                f"{outcome.status} with nothing wrong in it",
                Said(f"{outcome.status} with {what}"),
                "Leanplum takes the postback for delivered",
            )
        rec.checks += 1


@endpoint_case(
    "PB-ANSWER-IN-TIME",
    "An answer comes within 30 seconds",
    why="Later ones are timeouts, even if the event was stored: it is sent again.",
    fix="Put the event into a queue, answer, and do the work afterwards.",
    follows_from=["deliver-timeout", "deliver-timeout-total", "retry-timeout"],
    catches=[
        "takes-half-a-second-too-long",
        "now-and-then-too-late",
        "never-answers",
        "drips-its-head",
    ],
    most_requests=TIMED,
)
def in_time(target: EndpointTarget, rec: Recorder) -> None:
    """Sends eight postbacks one after the other and times the answers, up to the first late one."""
    for number in range(1, TIMED + 1):
        outcome = target.send(target.postback())
        rec.expect_that(
            outcome.kind is not OutcomeKind.TIMEOUT,
            f"an answer within {target.endpoint.timeout.total_seconds():g} s",
            Said(outcome_text(outcome)),
            f"postback {number} of {TIMED}; {consequence(outcome)}",
        )


@endpoint_case(
    "PB-ANSWER-FAST",
    "Answers take less than 10 seconds",
    level=Level.SHOULD,
    why="What takes a third of the time on a quiet day takes more than all of it on a busy one.",
    fix="Put the event into a queue, answer, and do the work afterwards.",
    follows_from=["deliver-timeout"],
    catches=["takes-twelve-seconds"],
    most_requests=TIMED,
)
def fast(target: EndpointTarget, rec: Recorder) -> None:
    """Sends eight postbacks and compares median and slowest answer with 10 seconds."""
    taken: list[timedelta] = []
    for _ in range(TIMED):
        outcome = target.send(target.postback())
        taken.append(outcome.elapsed)
        if outcome.kind is not OutcomeKind.RESPONSE or outcome.elapsed >= SLOW:
            break
    seconds = [each.total_seconds() for each in taken]
    rec.expect_that(
        max(taken) < SLOW,
        f"less than {SLOW.total_seconds():g} s",
        Said(f"median {median(seconds):.3g} s, slowest {max(seconds):.3g} s"),
        "after 30 s Leanplum gives up and sends it again",
    )


_NEW_EVENT = "Forwarded%20to%20a%20friend"
