"""Checks what may stand in a postbackUrl, and which value takes each place."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from contracts.conformance.api import Form, expect_accepted, expect_refused
from contracts.conformance.target import EVERY_AB_TEST_VALUE, EVERY_MESSAGE_VALUE, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin
from mockserver.web.shapes import ReceivedJson

ORDER = 60

_PUSH_VALUES = {"user_id": "ada", "device_id": "D-1", "message_id": "6184400932175872"}


def query_of(request: ReceivedJson) -> dict[str, str]:
    """Return the query as a receiver reads it: decoded once, a plus as a space.

    Bytes that are no UTF-8 are written out, so that they differ from any text.
    """
    query = urlsplit(request.target).query
    return dict(parse_qsl(query, keep_blank_values=True, errors="backslashreplace"))


def _filled(target: Target, template: str, event: str, **values: str) -> ReceivedJson:
    inbox = target.inbox()
    kind = "abTestEvents" if event.startswith("ab-test") else "messageEvents"
    target.app.add(inbox.url + template, type=kind)
    target.app.trigger(event, **values)
    return inbox.only_request()


@case(
    "PB-TEMPLATE-VALUES",
    "Every value of the documentation's example is filled from the event",
    why="The template is all that a receiver ever gets.",
    fix="Fill each of the ten placeholders with the field it is named after.",
    catches=["missing-as-none", "now-not-trigger-time", "seconds-not-milliseconds"],
)
def values(target: Target, rec: Recorder) -> None:
    """Fires one message event and one A/B test event at templates with all their values."""
    at = target.now() - timedelta(days=1)
    milliseconds = str(int(at.timestamp() * 1000))
    request = _filled(
        target,
        EVERY_MESSAGE_VALUE,
        "in-app.banner.select",
        **_PUSH_VALUES,
        triggered_at=at.isoformat(),
    )
    expected = _PUSH_VALUES | {
        "event": "Select",
        "time": milliseconds,
        "channel": "In-app Message",
        "template_name": "Banner",
        "parameters": "{}",
    }
    rec.expect(expected, query_of(request), "each placeholder is filled with its value")
    request = _filled(
        target,
        EVERY_AB_TEST_VALUE,
        "ab-test.enter",
        user_id="ada",
        device_id="",
        ab_test_id="4711",
        variant_id="4712",
        triggered_at=at.isoformat(),
    )
    expected = {"test": "4711", "variant": "4712", "device_id": "", "user_id": "ada"}
    expected["time"] = milliseconds
    rec.expect(expected, query_of(request), "an A/B test event has its own two ids")


@case(
    "PB-TEMPLATE-FREE-KEYS",
    "The keys around the values are free",
    why="An existing endpoint has names of its own for them.",
    fix="Leave everything outside of the double braces as it is.",
    catches=["keys-lower-cased"],
)
def free_keys(target: Target, rec: Recorder) -> None:
    """Uses camel case, repeated and nested keys, and plain values beside them."""
    template = "?messageId={{Message ID}}&User[id]={{User ID}}&Source=Leanplum&x={{User ID}}"
    request = _filled(target, template, "push.open", **_PUSH_VALUES)
    expected = {
        "messageId": "6184400932175872",
        "User[id]": "ada",
        "Source": "Leanplum",
        "x": "ada",
    }
    rec.expect(expected, query_of(request), "keys arrive as written")


@case(
    "PB-TEMPLATE-EXACT-NAMES",
    "The names in the braces are exact",
    why="{{user id}} would arrive as text, for every user, unnoticed.",
    fix="Compare names with their capitals and spaces.",
    catches=["names-case-insensitive"],
)
def exact_names(target: Target, rec: Recorder) -> None:
    """Tries other spellings of User ID; none of them may be filled with the user's id."""
    spellings = ("user id", "User Id", "UserID", "USER ID", "user_id")
    for number, spelling in enumerate(spellings):
        target.fresh()
        inbox = target.inbox()
        url = f"{inbox.url}?user={{{{{spelling}}}}}"
        answer = target.app.call("addPostback", type="messageEvents", postbackUrl=url)
        if answer.accepted:
            target.app.trigger("push.open", user_id=f"ada-{number}")
            filled = query_of(inbox.only_request())["user"] == f"ada-{number}"
            rec.expect_that(not filled, "anything but the user's id", "the user's id", spelling)
        rec.checks += 1


@case(
    "PB-TEMPLATE-UNKNOWN",
    "A name that does not exist is refused when the rule is added",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Leanplum may well accept it and send the braces; here it is found before.",
    fix="Nothing is documented; the fake refuses it and offers the nearest name.",
    catches=["unknown-placeholder-kept", "unknown-placeholder-emptied"],
)
def unknown(target: Target, rec: Recorder) -> None:
    """Registers a template with {{Email address}}."""
    inbox = target.inbox()
    url = f"{inbox.url}?user={{{{User ID}}}}&mail={{{{Email address}}}}"
    answer = target.app.call("addPostback", type="messageEvents", postbackUrl=url)
    seen = "refused"
    if answer.accepted:
        target.app.trigger("push.open")
        arrived = query_of(inbox.only_request()).get("mail")
        seen = {"": "emptied", "{{Email address}}": "kept"}.get(arrived or "", f"{arrived}")
    rec.expect_verdict(
        seen,
        "refused",
        {
            "refused": "the call is refused",
            "emptied": "it arrives as the empty string",
            "kept": "it arrives as it was written",
        },
        "a misspelt name is the most frequent mistake in a template",
    )


@case(
    "PB-TEMPLATE-PLACES",
    "Values may stand in path, query and fragment, not in scheme, host, port or user info",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A value that a user chooses must not decide whom the postback is sent to.",
    fix="Nothing is documented; the fake fills path, query and fragment and refuses the rest.",
    catches=["placeholder-in-host-accepted", "path-not-rendered"],
)
def places(target: Target, rec: Recorder) -> None:
    """Fills a path, then tries the five places that nobody may choose."""
    request = _filled(target, "/{{User ID}}/{{Message event}}?x", "push.open", user_id="a/b c")
    ends = unquote(request.target.partition("?")[0].rpartition("/inbox/")[2])
    rec.expect_that(
        ends.endswith("/a/b c/Open") and "/a%2Fb" in request.target,
        "a path that ends in a%2Fb%20c/Open",
        request.target,
        "values in a path are encoded as well",
    )
    for url in (
        "{{User ID}}://example.com/in",
        "https://{{User ID}}.example.com/in",
        "https://example.com:{{User ID}}/in",
        "https://{{User ID}}:x@example.com/in",
        "{{User ID}}",
    ):
        answer = target.app.call("addPostback", type="messageEvents", postbackUrl=url)
        expect_refused(answer, f"a value in this place: {url}", rec)


@case(
    "PB-TEMPLATE-ENCODED",
    "A template that was not encoded, or too often, is refused and the mistake named",
    why="The documentation warns of it: the rule is added incorrectly, and nobody sees it.",
    fix="Look for arguments that are the rest of a template, and for braces that are still "
    "encoded.",
    catches=["cut-url-accepted", "encoded-braces-accepted"],
)
def encoded(target: Target, rec: Recorder) -> None:
    """Sends the documentation's example un-encoded by GET, then encoded twice, then rightly."""
    template = "https://postbacks-contracts.invalid/in?a={{User ID}}&b={{Message ID}}"
    app = target.app
    others = app.arguments("addPostback", type="messageEvents")
    query = "&".join(f"{name}={value}" for name, value in others.items())
    readable = template.replace(" ", "%20")
    body = {**others, "postbackUrl": template.replace("{", "%7B").replace("}", "%7D")}
    content = json.dumps(body).encode()
    from contracts.conformance.api import answer_of

    cut = answer_of(target.wire.send("GET", f"/api?{query}&postbackUrl={readable}", {}, None))
    expect_refused(cut, "a template that an un-encoded & cut off", rec)
    headers = {"Content-Type": "application/json"}
    twice = answer_of(target.wire.send("POST", "/api", headers, content))
    expect_refused(twice, "a template whose braces are still encoded", rec)
    rightly = app.call("addPostback", Form.GET, type="messageEvents", postbackUrl=template)
    expect_accepted(rightly, "the same template, encoded once", rec)
    rec.expect([template], [rule.get("postbackUrl") for rule in app.rules()], "and nothing else")


@case(
    "PB-TEMPLATE-NAME-EMPTY",
    "Template name is the empty string for messages that are not in-app",
    why="The documentation says so; a receiver sees template_name= and must bear it.",
    fix="Fill it for in-app messages only.",
    catches=["template-name-for-email", "missing-as-none", "missing-as-null"],
)
def name_empty(target: Target, rec: Recorder) -> None:
    """Fires a push and an e-mail event at a template with Template name."""
    for event in ("push.open", "email.open"):
        request = _filled(target, "?name={{Template name}}", event)
        rec.expect({"name": ""}, query_of(request), "the key arrives, its value is empty")


@case(
    "PB-TEMPLATE-EMPTY",
    "A value that does not apply to the event is the empty string",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="One template for both types of rule has places that stay empty.",
    fix="Nothing is documented beyond Template name; the fake leaves every such place empty.",
    catches=["missing-as-none", "missing-as-null"],
)
def empty(target: Target, rec: Recorder) -> None:
    """Fires an A/B test event at message values, and a message event at A/B test values."""
    template = "?id={{Message ID}}&event={{Message event}}&parameters={{Parameters}}"
    request = _filled(target, template, "ab-test.enter")
    arrived = query_of(request)
    request = _filled(target, "?test={{AB test ID}}&variant={{Variant ID}}", "push.open")
    arrived |= query_of(request)
    seen = "empty" if set(arrived.values()) == {""} else ", ".join(sorted(set(arrived.values())))
    rec.expect_verdict(
        seen,
        "empty",
        {"empty": "the keys arrive with empty values"},
        "a receiver must tell `does not apply` from a value",
    )


@case(
    "PB-TEMPLATE-DEVICE-EMPTY",
    "A missing device id is the empty string",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="E-mail events come without a device.",
    fix="Fill an absent device id with nothing.",
    catches=["missing-as-none", "missing-as-null"],
)
def device_empty(target: Target, rec: Recorder) -> None:
    """Fires an e-mail event that has no device."""
    request = _filled(target, "?device={{Device ID}}&x=1", "email.click", device_id="")
    rec.expect({"device": "", "x": "1"}, query_of(request), "a captured click has device_id=")


@case(
    "PB-TEMPLATE-TIME",
    "Trigger time is in milliseconds since 1970",
    why="Read as seconds it lies 50,000 years ahead.",
    fix="Write whole milliseconds.",
    catches=["seconds-not-milliseconds"],
)
def time(target: Target, rec: Recorder) -> None:
    """Fires an event now and compares with the clock of the sandbox, before and after it."""
    before_at = target.now()
    written = query_of(_filled(target, "?time={{Trigger time}}", "push.open")).get("time", "")
    earliest, latest = (int(at.timestamp() * 1000) for at in (before_at, target.now()))
    rec.expect_that(
        written.isascii() and written.isdigit() and earliest <= int(written) <= latest,
        f"{earliest}" if earliest == latest else f"from {earliest} to {latest}",
        written,
        f"the event happened at {before_at}, or a moment later",
    )


@case(
    "PB-TEMPLATE-TIME-PAST",
    "Trigger time is when the event happened, which may be in the past",
    why="Receivers that stamp the time of arrival, or refuse old events, lose data.",
    fix="Write the time of the event, not of the attempt.",
    catches=["now-not-trigger-time", "url-changes"],
)
def time_past(target: Target, rec: Recorder) -> None:
    """Fires an event of three days ago that is delivered at its second attempt."""
    happened_at = target.now() - timedelta(days=3, milliseconds=1)
    inbox = target.inbox("503,200")
    target.app.add(inbox.url + "?time={{Trigger time}}")
    target.app.trigger("email.open", triggered_at=happened_at.isoformat())
    target.until_idle()
    expected = str(int(happened_at.timestamp() * 1000))
    arrived = [query_of(request)["time"] for request in inbox.requests()]
    rec.expect([expected, expected], arrived, "it is the same at every attempt")
