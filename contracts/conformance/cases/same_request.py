"""Checks that attempts are the same request to the last, whatever their URL looks like.

`retry` looks at one short URL; here they are long, odd, and kept over a restart.
"""

from __future__ import annotations

from collections import defaultdict

from contracts.conformance.cases.retry import ATTEMPTS
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.target import (
    EVERY_AB_TEST_VALUE,
    EVERY_MESSAGE_VALUE,
    InboxUnderTest,
    Target,
)
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin
from mockserver.web.shapes import ReceivedJson

ORDER = 126

#: Ends of templates, each with what is special about it.
_TEMPLATES = (
    ("every value", EVERY_MESSAGE_VALUE),
    ("a value twice", "?a={{User ID}}&a={{User ID}}&b={{Trigger time}}"),
    ("values in the path", "/{{User ID}}/x/{{Device ID}};v=1?end"),
    ("a fragment", "?user={{User ID}}#{{Message ID}}"),
    ("escapes in both cases", "?a=%c3%A9&b=%2f%2F&c={{User ID}}"),
    ("nothing behind the question mark", "/{{User ID}}?"),
)
_USERS = (
    "ada",
    "",
    "a+b c&d=e%41/\u00e9\U0001f98a",
    *("u" * length for length in (256, 1_025, 2_049, 4_097)),
)


@case(
    "PB-RETRY-SAME-REQUEST-ALWAYS",
    "Every attempt is the same request, however long or odd its URL is, also after a restart",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A receiver can only recognise a retry by its values; one that is cut is another event.",
    fix="Render the URL when the event happens, and keep all of it.",
    catches=[
        "url-changes",
        "url-cut-when-retried",
        "url-cut-after-a-restart",
        "trigger-time-of-a-late-retry",
        "header-from-the-second-on",
        "escapes-raised-when-retried",
        "empty-names-lost-when-retried",
    ],
    needs=CLOCK,
)
def always(target: Target, rec: Recorder) -> None:
    """Lets events with ids of up to 4 KB fail ten times at URLs of every sort, and compares.

    The server is restarted in between, if it can be.
    """
    app = target.another_app(rule_limit=len(_TEMPLATES) + 1)
    described: dict[int, tuple[str, InboxUnderTest]] = {}
    for what, end in _TEMPLATES:
        inbox = target.inbox("503")
        described[app.add(inbox.url + end)] = (what, inbox)
    inbox = target.inbox("503")
    described[app.add(inbox.url + EVERY_AB_TEST_VALUE, type="abTestEvents")] = ("a test", inbox)
    names = [name for _ in _USERS for name in ("email.click", "ab-test.enter")]
    values = [{"user_id": user} for user in _USERS for _ in range(2)]
    app.trigger_many(names, values)
    seen: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    _take_note(described, seen)
    for _ in range(2):
        target.advance(until="next")
    _take_note(described, seen)
    if Need.RESTART in target.capabilities:
        target.restart()
        for _, each in described.values():
            each.behave("503")
    target.until_idle()
    made = _take_note(described, seen)
    # With a restart the journal begins anew.
    if Need.RESTART not in target.capabilities:
        rec.expect(ATTEMPTS * len(_USERS) * len(described), made, "requests that arrived")
    different = [
        f"{described[number][0]}: {len(each)} requests"
        for number, each in seen.items()
        if len(each) != len(_USERS)
    ]
    longest = max(len(request[1]) for each in seen.values() for request in each)
    rec.expect_verdict(
        "; ".join(different) or "identical",
        "identical",
        {"identical": f"{len(_USERS)} events make {len(_USERS)} requests, again and again"},
        f"request targets of up to {longest} characters",
    )


def _take_note(
    described: dict[int, tuple[str, InboxUnderTest]], seen: dict[int, set[tuple[str, ...]]]
) -> int:
    """Add what has arrived to what was seen; return how many requests that are."""
    made = 0
    for number, (_, inbox) in described.items():
        requests = inbox.requests()
        made += len(requests)
        seen[number] |= {_in_words(each) for each in requests}
    return made


def _in_words(request: ReceivedJson) -> tuple[str, ...]:
    fields = (f"{field.name}: {field.value}" for field in request.headers)
    return (request.method, request.target, request.body, *fields)
