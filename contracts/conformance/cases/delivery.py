"""Checks the request itself: a bare POST, one for each rule that an event fires."""

from __future__ import annotations

import base64

from contracts.conformance.target import EVERY_MESSAGE_VALUE, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.shapes import ReceivedJson

ORDER = 90

#: What any HTTP client sends without saying anything by it.
PLAIN_HEADERS = frozenset({"host", "accept", "content-length", "connection", "accept-encoding"})


def _one_request(target: Target) -> ReceivedJson:
    inbox = target.inbox()
    target.app.add(inbox.url + EVERY_MESSAGE_VALUE)
    target.app.trigger("email.click")
    return inbox.only_request()


def _names(request: ReceivedJson) -> list[str]:
    return [header.name.lower() for header in request.headers]


@case(
    "PB-DELIVER-POST",
    "A postback is a POST",
    why="Many frameworks route GET and POST apart; a GET handler never sees a postback.",
    fix="Send POST, whatever the template holds.",
    catches=["get-instead-of-post"],
)
def post(target: Target, rec: Recorder) -> None:
    """Fires an event and looks at the method."""
    rec.expect("POST", _one_request(target).method, "the documentation speaks of a POST request")


@case(
    "PB-DELIVER-EMPTY-BODY",
    "Its body is empty: all values are in the URL",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="Frameworks that want a body, or a Content-Type, answer 400 to it.",
    fix="Send no body and no Content-Type.",
    catches=["body-with-json"],
)
def empty_body(target: Target, rec: Recorder) -> None:
    """Fires an event and looks at the body."""
    request = _one_request(target)
    rec.expect("", request.body, "captured postbacks have an empty body")
    typed = "content-type" in _names(request)
    rec.expect(False, typed, "what is not there has no Content-Type")


@case(
    "PB-DELIVER-NO-EXTRAS",
    "There is no signature, no delivery id and no other header of Leanplum's",
    why="A receiver cannot tell a postback from a forgery, nor a retry from a new event, by it.",
    fix="Send no header that says anything about the delivery.",
    catches=["signature-header"],
)
def no_extras(target: Target, rec: Recorder) -> None:
    """Looks for headers that name a signature, an id, an attempt or Leanplum."""
    suspicious = ("signature", "leanplum", "delivery", "attempt", "retry", "id", "token", "x-")
    found = [
        name
        for name in _names(_one_request(target))
        if any(name.startswith(word) or word in name.split("-") for word in suspicious)
    ]
    rec.expect([], found, "nothing of the kind is documented")


@case(
    "PB-DELIVER-HEADERS",
    "It has the headers that every request has, and no others",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Whatever a test relies on here may not be there in production.",
    fix="Nothing is documented; the fake sends Host, Accept and Content-Length: 0.",
    catches=["user-agent-header", "signature-header", "body-with-json"],
)
def headers(target: Target, rec: Recorder) -> None:
    """Lists the headers of a postback."""
    more = sorted(set(_names(_one_request(target))) - PLAIN_HEADERS)
    rec.expect_verdict(
        "plain" if not more else f"also: {', '.join(more)}",
        "plain",
        {"plain": "no header beyond what HTTP clients send of themselves"},
        "no header is documented",
    )


@case(
    "PB-DELIVER-USER-INFO",
    "User info in the template is sent as basic authorization",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="It is the only way to give a postback a password that does not stand in the query.",
    fix="Nothing is documented for postbacks; the fake does what URLs say.",
    catches=["user-info-dropped"],
)
def user_info(target: Target, rec: Recorder) -> None:
    """Registers http://ada:secret@... and looks at the Authorization header."""
    inbox = target.inbox()
    target.app.add(inbox.url.replace("://", "://ada:secret@"))
    target.app.trigger("push.open")
    request = inbox.only_request()
    sent = {header.name.lower(): header.value for header in request.headers}
    expected = "Basic " + base64.b64encode(b"ada:secret").decode()
    seen = {expected: "basic", None: "dropped"}.get(sent.get("authorization"), "otherwise")
    rec.expect_verdict(
        seen,
        "basic",
        {"basic": "as basic authorization", "dropped": "not sent at all"},
        f"Authorization: {sent.get('authorization')}",
    )


@case(
    "PB-DELIVER-ONE-EACH",
    "An event fires each matching rule once, and one success is the end of it",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Three rules for one endpoint mean three requests; one rule must mean one.",
    fix="Make one delivery for each matching rule, and one attempt while it succeeds.",
    catches=["only-first-rule-fires", "fires-twice", "attempts-twice", "retries-after-success"],
)
def one_each(target: Target, rec: Recorder) -> None:
    """Registers three rules, two of which match, fires an event, and lets three days go by."""
    inbox, app = target.inbox(), target.app
    ids = [app.add(f"{inbox.url}?rule={number}") for number in (1, 2)]
    app.add(f"{inbox.url}?rule=3", channels=["Email"])
    deliveries = app.trigger("push.open")
    target.advance(by="72h")
    rec.expect(ids, [item.postback_id for item in deliveries], "one delivery for each match")
    arrived = sorted(request.query["rule"] for request in inbox.requests())
    rec.expect(["1", "2"], arrived, "one request for each delivery, and none later")


@case(
    "PB-DELIVER-SUCCESS",
    "Any 2xx is a success",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="201, 202 and 204 are what endpoints answer that store, queue or have nothing to say.",
    fix="Nothing is documented beyond which codes are retried; the fake takes all 2xx.",
    catches=["only-200-is-success"],
)
def success(target: Target, rec: Recorder) -> None:
    """Answers 200, 201, 202, 204, 206 and 299, each once."""
    inbox = target.inbox("200,201,202,204,206,299")
    target.app.add(inbox.url)
    states = {}
    for status in (200, 201, 202, 204, 206, 299):
        delivery = target.app.trigger_one("push.open")
        states[status] = delivery.state
    others = {status: state for status, state in states.items() if state != "delivered"}
    rec.expect_verdict(
        "all" if not others else f"not delivered: {others}",
        "all",
        {"all": "every status from 200 to 299 ends the delivery"},
        "an endpoint may answer any of them",
    )


@case(
    "PB-DELIVER-REDIRECT",
    "A redirect is not followed",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An endpoint that moves to https with a 308 may lose everything, unnoticed.",
    fix="Nothing is documented; the fake takes a redirect for an answer like any other.",
    catches=["redirect-followed"],
)
def redirect(target: Target, rec: Recorder) -> None:
    """Answers 302, 307 and 308 with the address of another inbox."""
    elsewhere = target.inbox()
    followed = []
    for status in (302, 307, 308):
        script = [{"kind": "redirect", "location": elsewhere.url, "status": status}]
        inbox = target.inbox(script)
        target.app.add(inbox.url)
        before = len(elsewhere.requests())
        target.app.trigger("push.open")
        target.until_idle()
        followed.append(len(elsewhere.requests()) > before)
        rec.expect_that(len(inbox.requests()) > 0, "a request", "none", "it is asked first")
    rec.expect_verdict(
        "not followed" if not any(followed) else "followed",
        "not followed",
        {"not followed": "only the first address is called", "followed": "the second one, too"},
        f"302, 307, 308 followed: {followed}",
    )


@case(
    "PB-DELIVER-BLOCKED",
    "Nothing is sent to link-local and cloud metadata addresses",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A template that anyone may register must not reach the machine's own credentials.",
    fix="This is a rule of the fake, for the safety of those who run it.",
    catches=["metadata-allowed"],
)
def blocked(target: Target, rec: Recorder) -> None:
    """Fires an event at 169.254.169.254 and looks at the attempt."""
    target.app.add("http://169.254.169.254/latest/meta-data")
    delivery = target.app.trigger_one("push.open")
    outcomes = [attempt.outcome for attempt in delivery.attempts]
    rec.expect_verdict(
        "blocked" if (outcomes, delivery.state) == (["blocked"], "rejected") else f"{outcomes}",
        "blocked",
        {"blocked": "the attempt is refused before anything is sent"},
        "the address hands out credentials on machines in a cloud",
    )
