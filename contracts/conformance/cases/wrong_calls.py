"""Checks what becomes of calls that cannot be carried out: all of a kind, not one of each.

`api` leaves arguments out, `arguments` misspells them; here they hold something of another sort.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from contracts.conformance.api import (
    API_VERSION,
    Form,
    answer_of,
    call,
    expect_accepted,
    expect_not_done,
    multipart,
)
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.channels import EVERY_CHANNEL
from contracts.conformance.cases.rules import CAP, UNKNOWN_ID
from contracts.conformance.cases.unusable_urls import UNUSABLE
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 36

#: No text, and none that JSON could write as one.
_NO_TEXT: tuple[Any, ...] = (True, False, None, [], ["a", "b"], {}, {"a": "b"}, 1.5, "")
_NO_CHANNELS: tuple[Any, ...] = (
    *(1, 0, True, False, 1.5, {"Email": True}, [1], ["Email", 1], [["Email"]], [None]),
    *("[Email", "[Email, SMS]", '["Email", 1]', '["Email"', "SMS", "[", "Email;Push Notification"),
)
_NO_IDS: tuple[Any, ...] = (
    *(True, False, [], {}, [1, 2], 1.5, "", "x", "1x", "x1", "-1", -1, "+1", "1.5", "1,000"),
    *("0x1F", "1e3", "\u0661\u0662", "12 34", "1\n2", "null"),
)


@case(
    "PB-API-ARGUMENT-TYPES",
    "An argument that holds something of another sort is refused, and nothing is done",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A library that sends null, true or a list for a text must not look as if it worked.",
    fix="Take texts, whole numbers where digits are meant, and lists of texts for channels.",
    catches=[
        "true-taken-for-one",
        "first-of-a-list-counts",
        "channels-of-any-sort",
        "id-of-any-digits",
        "null-taken-for-a-default",
    ],
)
def argument_types(target: Target, rec: Recorder) -> None:
    """Gives each argument each sort of value that it does not take, in calls of each method."""
    app = target.app
    kept = app.add(NOWHERE)
    for what, arguments in _of_another_sort(app):
        expect_not_done(call(target.wire, arguments), what, rec)
    listed = [rule.get("postbackId") for rule in app.rules()]
    rec.expect([kept], listed, "a refused call changes nothing")


@case(
    "PB-API-REFUSAL-STATUS",
    "A wrong call is answered 400: a 5xx would say that the same call may work later",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Clients repeat a call that was answered 5xx, some for ever.",
    fix="Nothing is documented beyond 4xx or 5xx; look for what breaks instead of being refused.",
    catches=["refusals-as-500", "refusals-as-422", "unknown-channel-breaks", "bad-url-breaks"],
)
def refusal_status(target: Target, rec: Recorder) -> None:
    """Makes wrong calls of every sort: values, names, addresses, one rule too many."""
    app = target.app
    wrong = [*_of_another_sort(app), *_to_no_address(app)]
    wrong += [(what, arguments) for what, _, arguments in _of_no_such_name(app)]
    answers = [(what, call(target.wire, arguments)) for what, arguments in wrong]
    for _ in range(CAP):
        app.add(NOWHERE)
    answers.append(("a rule too many", app.call("addPostback", **_OWN["addPostback"])))
    others: dict[int, str] = {}
    for what, answer in answers:
        # What is received and skipped is no refusal.
        if answer.status not in (200, 400):
            others.setdefault(answer.status, what)
    seen = "400" if not others else ", ".join(f"{status} to {others[status]}" for status in others)
    if all(400 <= status < 500 for status in others):
        seen = "400" if not others else "another 4xx"
    rec.expect_verdict(
        seen,
        "400",
        {"400": "whatever is wrong", "another 4xx": "the call is wrong, and stays so"},
        f"answered otherwise: {others}",
    )


@case(
    "PB-API-REFUSAL-NAMES",
    "The message of a refusal names the argument that is wrong, and the words that are allowed",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="`Bad request` leaves people with seven arguments to look at.",
    fix="Nothing is documented; look at what the message of the refusal is made of.",
    catches=["refusals-say-bad-request", "refusals-without-what-is-allowed"],
)
def refusal_names(target: Target, rec: Recorder) -> None:
    """Leaves out each argument, misspells each word of a list, and reads the messages."""
    for what, wanted, arguments in _of_no_such_name(target.app):
        answer = call(target.wire, arguments)
        # What is received and skipped says why in a warning.
        message = answer.error or answer.warning
        missing = [word for word in wanted if word not in message]
        rec.expect([], missing, f"words that the answer to {what} does not have: {message[:200]}")


@case(
    "PB-API-CONTRADICTIONS",
    "A body that is not what its Content-Type says is refused, whatever is in it",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Arguments that are silently not read look like arguments that were never sent.",
    fix="Read a body as its label says, and refuse it if that does not work.",
    catches=["contradiction-accepted", "form-labelled-json-read", "broken-bodies-are-empty"],
)
def contradictions(target: Target, rec: Recorder) -> None:
    """Labels each sort of body as each other sort, and breaks bodies in the middle.

    The arguments stand in the query, too: who does not read the body carries the call out.
    """
    app = target.app
    arguments = {name: str(value) for name, value in app.arguments("listPostbacks").items()}
    query = "&".join(f"{name}={value}" for name, value in arguments.items())
    for kind, content in _contradictions(arguments):
        reply = target.wire.send("POST", f"/api?{query}", {"Content-Type": kind}, content)
        expect_not_done(answer_of(reply), f"{content[:60]!r} labelled {kind}", rec)


@case(
    "PB-API-NO-UTF-8",
    "Bytes that are no UTF-8 are refused in each place, and text beyond ASCII is read",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A template that was changed on the way sends something else to somebody's endpoint.",
    fix="Nothing is documented; the fake reads UTF-8 and puts nothing in the place of other bytes.",
    catches=["bytes-replaced", "latin-1-read"],
)
def no_utf_8(target: Target, rec: Recorder) -> None:
    """Registers a URL with an e that has an accent, in each form, as UTF-8 and as Latin-1."""
    app = target.another_app(rule_limit=100)
    arguments = app.arguments(
        "addPostback", type="messageEvents", postbackUrl=f"{NOWHERE}&x=ACCENT"
    )
    wanted = 0
    for encoding in ("utf-8", "latin-1"):
        for path, kind, content in _in_each_place(arguments, "\u00e9".encode(encoding)):
            headers = {"Content-Type": kind} if content else {}
            answer = answer_of(target.wire.send("POST", path, headers, content or None))
            if encoding == "utf-8":
                wanted += 1
                expect_accepted(answer, f"UTF-8 in {kind}", rec)
            else:
                expect_not_done(answer, f"Latin-1 in {kind}", rec)
    listed = [rule.get("postbackUrl") for rule in app.rules()]
    rec.expect([f"{NOWHERE}&x=\u00e9"] * wanted, listed, "the URL is as it was given")


def _in_each_place(arguments: dict[str, Any], accent: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield the path, the type and the body of calls in which bytes stand for ACCENT."""
    escaped = "".join(f"%{byte:02X}" for byte in accent)
    query = urlencode(arguments).replace("ACCENT", escaped)
    yield f"/api?{query}", "the query", b""
    yield "/api", "application/x-www-form-urlencoded", query.encode()
    yield "/api", _AS_FORM, multipart(arguments).replace(b"ACCENT", accent)
    yield "/api", _AS_JSON, json.dumps(arguments).encode().replace(b"ACCENT", accent)


@case(
    "PB-RULES-DELETE-FORMS",
    "deletePostback takes the id in each form of a call: a number in JSON, text elsewhere",
    why="Forms and queries have nothing but text; a rule that stays goes on sending data.",
    fix="Compare ids as numbers, however they travelled.",
    catches=["id-as-form-text-refused", "id-as-number-refused"],
)
def delete_forms(target: Target, rec: Recorder) -> None:
    """Deletes one of two rules in each form of a call."""
    for form in Form:
        _expect_deleted(target.app, form, int)


@case(
    "PB-RULES-DELETE-TEXT",
    "In JSON, too, the id may be text",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Ids of 16 digits are kept as text by many, so that no digit is lost.",
    fix="Nothing is documented; the fake reads digits.",
    catches=["id-as-json-text-refused"],
)
def delete_text(target: Target, rec: Recorder) -> None:
    """Deletes one of two rules by JSON bodies in which its id is text."""
    for form in (Form.JSON, Form.SPLIT):
        _expect_deleted(target.app, form, str)


def _expect_deleted(app: AppUnderTest, form: Form, write: type[int] | type[str]) -> None:
    rec = app.target.rec
    postback_id, kept = app.add(NOWHERE), app.add(NOWHERE)
    answer = app.call("deletePostback", form, postbackId=write(postback_id))
    expect_accepted(answer, f"deletePostback by {form}", rec)
    listed = [rule.get("postbackId") for rule in app.rules()]
    rec.expect([kept], listed, "the rule is gone, and the other one is there")
    expect_accepted(app.delete(kept), "deleting the other rule", rec)


_OWN: dict[str, dict[str, Any]] = {
    "addPostback": {"type": "messageEvents", "postbackUrl": NOWHERE},
    "listPostbacks": {},
    "deletePostback": {"postbackId": UNKNOWN_ID},
}

#: The words that an argument may be.
_WORDS = {
    "action": tuple(_OWN),
    "apiVersion": (API_VERSION,),
    "type": ("messageEvents", "abTestEvents"),
}

#: A call, by what is wrong with it.
_Wrong = Iterator[tuple[str, dict[str, Any]]]


def _of_another_sort(app: AppUnderTest) -> _Wrong:
    """Yield each argument with each sort of value that it does not take.

    An argument of all three methods is tried with one of them, which the seed draws each time.
    """
    random = app.target.rec.random
    shared = app.arguments("listPostbacks")
    for name in shared:
        for value in _others(name, shared[name]):
            action = random.choice(tuple(_OWN))
            arguments = app.arguments(action, **_OWN[action]) | {name: value}
            yield f"{action} with {name} {value!r}", arguments
    for action, own in _OWN.items():
        for name, right in own.items():
            for value in _others(name, right):
                arguments = app.arguments(action, **own) | {name: value}
                yield f"{action} with {name} {value!r}", arguments
    for value in _NO_CHANNELS:
        arguments = app.arguments("addPostback", **_OWN["addPostback"])
        yield f"addPostback with channels {value!r}", arguments | {"channels": value}


def _others(name: str, right: Any) -> tuple[Any, ...]:
    # What is right within something else is not taken out of it.
    within = ([right], [right, right], {name: right}, {"0": right})
    return (*(_NO_IDS if name == "postbackId" else _NO_TEXT), *within)


def _of_no_such_name(
    app: AppUnderTest,
) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Yield calls that lack an argument, or have no word of a list for it, and what to tell."""
    for action, own in _OWN.items():
        whole = app.arguments(action, **own)
        for name in whole:
            missing = {each: value for each, value in whole.items() if each != name}
            yield f"{action} without {name}", (name,), missing
            if name in _WORDS:
                words = (name, *_WORDS[name])
                yield f"{action} with another {name}", words, whole | {name: "no-such-thing"}
    for channels in (["SMS"], ["Email", "SMS"], "[Push]"):
        arguments = app.arguments("addPostback", **_OWN["addPostback"], channels=channels)
        yield f"addPostback with channels {channels!r}", ("channel", *EVERY_CHANNEL), arguments


def _to_no_address(app: AppUnderTest) -> _Wrong:
    for url in UNUSABLE:
        arguments = app.arguments("addPostback", type="messageEvents", postbackUrl=url)
        yield f"addPostback with postbackUrl {url[:60]!r}", arguments


_AS_JSON = "application/json"
_AS_FORM = "multipart/form-data; boundary=postbacks-contracts-boundary"


def _contradictions(arguments: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    document = json.dumps(arguments).encode()
    urlencoded = "&".join(f"{name}={value}" for name, value in arguments.items()).encode()
    form = multipart(arguments)
    yield "application/x-www-form-urlencoded", document
    yield "application/x-www-form-urlencoded", b"[1]"
    yield _AS_FORM, document
    yield _AS_FORM, urlencoded
    yield "multipart/form-data", form
    yield "multipart/form-data; boundary=another", form
    yield _AS_JSON, urlencoded
    for content in (b"listPostbacks", b'"text"', b"1", b"null", b"[]", b"[{}]", document[:-1]):
        yield _AS_JSON, content
    yield _AS_JSON, document + document
    yield _AS_JSON, b'{"a":' * 300 + b"1" + b"}" * 300
    yield _AS_JSON, b'{"userId": NaN, ' + document[1:]
    yield _AS_JSON, b'{"a": "\xff", ' + document[1:]
