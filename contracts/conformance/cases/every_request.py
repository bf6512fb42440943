"""Checks that each request is a bare POST: for every event, at every attempt, of every length.

`delivery` looks at the first request of one event.
"""

from __future__ import annotations

from collections import Counter

from contracts.conformance.cases.delivery import PLAIN_HEADERS
from contracts.conformance.cases.events import EMAIL, IN_APP, PUSH
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.target import EVERY_AB_TEST_VALUE, EVERY_MESSAGE_VALUE, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.shapes import ReceivedJson

ORDER = 95

#: How long an id is, so that URLs have some hundred to some thousand characters.
_LENGTHS = (0, 200, 500, 900, 2_000, 5_000)
_FAILURES = 3


def _requests(target: Target) -> list[tuple[str, ReceivedJson]]:
    """Let every event happen, some with long values, fail three times; return all requests."""
    app, inbox = target.another_app(), target.inbox()
    script = {"kind": "status", "status": 503}
    app.add(inbox.url + EVERY_MESSAGE_VALUE + "&kind=message")
    app.add(inbox.url + EVERY_AB_TEST_VALUE + "&kind=test", type="abTestEvents")
    names = [*PUSH, *EMAIL]
    for template, own in IN_APP.items():
        names += [f"in-app.{_slug(template)}.{_slug(each)}" for each in ("View", "Held Back", *own)]
    long = [name for name in ("push.open", "email.click", "ab-test.enter") for _ in _LENGTHS]
    every = [*names, "ab-test.enter", *long]
    users = [{"user_id": "ada"}] * (len(names) + 1)
    users += [{"user_id": "u" * length} for _ in range(3) for length in _LENGTHS]
    inbox.behave([script] * (_FAILURES * len(every)) + [{"kind": "status", "status": 200}])
    app.trigger_many(every, users)
    target.until_idle()
    requests = inbox.requests()
    target.rec.expect((_FAILURES + 1) * len(every), len(requests), "requests of all attempts")
    return [(_described(each), each) for each in requests]


def _described(request: ReceivedJson) -> str:
    kind = request.query.get("channel", "an A/B test")
    event = request.query.get("event", "")
    return f"{kind} {event}, {len(request.target)} characters".replace(" ,", ",")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _some(found: list[str]) -> list[str]:
    return sorted(Counter(found))[:3]


@case(
    "PB-DELIVER-POST-ALWAYS",
    "Every postback is a POST: of every event, at every attempt, however long its URL is",
    why="A GET handler never sees a postback, and a POST handler never a GET.",
    fix="Send POST, whatever happened, and however often it was tried.",
    catches=[
        "get-instead-of-post",
        "get-for-ab-tests",
        "get-when-retried",
        "put-for-in-app",
    ],
    needs=CLOCK,
)
def always_post(target: Target, rec: Recorder) -> None:
    """Lets every event happen, fails each three times, and looks at the method of each request."""
    found = [f"{each.method}: {what}" for what, each in _requests(target) if each.method != "POST"]
    rec.expect([], _some(found), f"{len(found)} requests that are no POST")


@case(
    "PB-DELIVER-BARE-ALWAYS",
    "Every postback has an empty body, all values in the URL, and no header of its own",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="What is in the body for long links, or in a header of a retry, no receiver looks for.",
    fix="Send all values in the URL, and neither body nor Content-Type.",
    catches=[
        "body-with-json",
        "body-when-long",
        "header-for-ab-tests",
        "content-type-when-retried",
    ],
    needs=CLOCK,
)
def always_bare(target: Target, rec: Recorder) -> None:
    """Does the same, and looks at body and headers of each request."""
    found = []
    for what, each in _requests(target):
        if each.body:
            found.append(f"a body of {len(each.body)} characters: {what}")
        more = {header.name.lower() for header in each.headers} - PLAIN_HEADERS
        found += [f"{name}: {what}" for name in sorted(more)]
    rec.expect([], _some(found), f"{len(found)} bodies and headers that a bare POST has not")
