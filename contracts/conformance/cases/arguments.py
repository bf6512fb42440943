"""Checks every argument of every method in every place, and what is only nearly right.

`api` tries each place and each word once; here arguments are split over two places in every way,
and each exact word is tried with other capitals, letters and blanks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any
from urllib.parse import quote, urlencode

from contracts.conformance.api import (
    ApiAnswer,
    Form,
    answer_of,
    call,
    expect_accepted,
    expect_not_done,
    expect_refused,
    multipart,
)
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.target import AppUnderTest, InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 12

_SHARED = ("action", "appId", "clientKey", "apiVersion")
_OWN = {
    "addPostback": ("type", "postbackUrl", "channels"),
    "listPostbacks": (),
    "deletePostback": ("postbackId",),
}
#: Of addPostback, beside each argument alone in either place.
_DRAWN_SPLITS = 24

_JSON_BODIES = ("application/json", "application/json; charset=utf-8")
_FORM_DATA = "multipart/form-data; boundary=postbacks-contracts-boundary"
_URLENCODED = "application/x-www-form-urlencoded"
#: Every type of body that holds arguments.
BODY_TYPES = (*_JSON_BODIES, _FORM_DATA, _URLENCODED)


@case(
    "PB-API-EVERY-PLACE",
    "Each argument of each method counts in the query and in each sort of body",
    why="Clients put the key into the body and the rest into the query, or the other way round.",
    fix="Merge the arguments of both places before looking at any.",
    catches=[
        "query-ignored",
        "json-refused",
        "multipart-refused",
        "type-in-query-ignored-with-form",
        "channels-in-query-ignored",
        "postback-id-in-query-ignored",
        "app-id-in-form-ignored",
        "version-in-json-ignored",
        "json-with-charset-refused",
        "body-read-without-query-action",
        "url-in-query-cut-at-100",
    ],
)
def every_place(target: Target, rec: Recorder) -> None:
    """Splits the arguments of each method over query and body in every way, for JSON and forms."""
    _try_splits(target, rec, (*_JSON_BODIES, _FORM_DATA))


@case(
    "PB-API-EVERY-PLACE-URLENCODED",
    "The same holds for an urlencoded body",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="It is what curl sends unless told otherwise.",
    fix="Read application/x-www-form-urlencoded bodies like form data.",
    catches=["urlencoded-refused", "key-in-urlencoded-ignored"],
)
def every_place_urlencoded(target: Target, rec: Recorder) -> None:
    """Splits the arguments of each method over query and an urlencoded body in every way."""
    _try_splits(target, rec, (_URLENCODED,))


@case(
    "PB-API-EXACT-WORDS",
    "A key, a version or a type that is only nearly right is refused, with each method",
    why="What is accepted here with another capital or a blank fails in production.",
    fix="Compare whole words as they are; trim, fold and complete nothing.",
    catches=[
        "any-key-accepted",
        "version-ignored",
        "unknown-type-accepted",
        "key-in-any-case",
        "key-by-its-beginning",
        "key-with-more-behind",
        "key-trimmed",
        "version-by-its-beginning",
        "version-with-more-behind",
        "version-trimmed",
        "type-in-any-case",
        "type-by-its-beginning",
        "type-trimmed",
    ],
)
def exact_words(target: Target, rec: Recorder) -> None:
    """Tries each word with other capitals, letters missing, doubled or added, and blanks."""
    app = target.app
    for action, own in _OWN.items():
        arguments = _arguments(app, action, NOWHERE)
        for name in (*_SHARED[2:], *("type" for each in own if each == "type")):
            for near in _near(rec, str(arguments[name])):
                form = rec.random.choice(tuple(Form))
                answer = call(target.wire, arguments | {name: near}, form)
                # A rule of an unknown type may be received and skipped; keys and versions may not.
                expect = expect_not_done if name == "type" else expect_refused
                expect(answer, f"{action} with {name} {near!r}, by {form}", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")


@case(
    "PB-API-EXACT-ACTION",
    "An action that is only nearly right is refused",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="addpostback must not look like success.",
    fix="Compare the whole word as it is.",
    catches=["unknown-action-accepted", "action-in-any-case", "action-trimmed"],
)
def exact_action(target: Target, rec: Recorder) -> None:
    """Does the same with the names of the three methods."""
    app = target.app
    for action in _OWN:
        for near in _near(rec, action):
            answer = app.call(near, rec.random.choice(tuple(Form)), **_own(action, NOWHERE))
            expect_refused(answer, f"the action {near!r}", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")


@case(
    "PB-API-EXACT-NAMES",
    "An argument under a name that is only nearly right is missing",
    why="appID and clientkey look right, and are no arguments of Leanplum's.",
    fix="Look for each required argument under its exact name.",
    catches=["required-not-checked", "names-in-any-case", "names-trimmed"],
)
def exact_names(target: Target, rec: Recorder) -> None:
    """Gives each required argument of each method other capitals, letters and blanks."""
    app = target.app
    for action, own in _OWN.items():
        arguments = _arguments(app, action, NOWHERE)
        for name in (*_SHARED, *(each for each in own if each != "channels")):
            others = {key: value for key, value in arguments.items() if key != name}
            for near in _near(rec, name):
                form = rec.random.choice(tuple(Form))
                answer = call(target.wire, others | {near: arguments[name]}, form)
                expect_refused(answer, f"{action} with {near!r} for {name}, by {form}", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")


@case(
    "PB-API-GET-LENGTH-EXACT",
    "A GET of 2,083 characters is accepted, and one of 2,084 is refused",
    why="A template that just fits in a test must fit at Leanplum, and no other.",
    fix="Count the whole URL, from its scheme to its end.",
    catches=["get-length-unlimited", "get-length-one-less", "get-length-one-more"],
)
def exact_length(target: Target, rec: Recorder) -> None:
    """Calls addPostback by GET with URLs of exactly 2,080 to 2,086 characters."""
    app = target.another_app(rule_limit=10)
    for length in range(2_080, 2_087):
        arguments = _arguments(app, "addPostback", NOWHERE.partition("?")[0] + "/")
        del arguments["channels"]
        short = len(target.wire.url) + len(f"/api?{_query(arguments)}")
        arguments["postbackUrl"] += "a" * (length - short)
        answer = answer_of(target.wire.send("GET", f"/api?{_query(arguments)}", {}, None))
        expect = expect_accepted if length <= 2_083 else expect_refused
        expect(answer, f"a GET of {length} characters", rec)


def _try_splits(target: Target, rec: Recorder, bodies: Sequence[str]) -> None:
    inbox = target.inbox()
    app = target.another_app(rule_limit=1_000)
    added, number = [], 0
    for action, own in _OWN.items():
        for kind in bodies:
            for in_query in _splits(rec, (*_SHARED, *own)):
                number += 1
                added += _try(app, inbox, number, action, kind, in_query)
    listed = [(rule.get("type"), rule.get("postbackUrl")) for rule in app.rules()]
    rec.expect(added, listed, "the rules are as given, and the deleted ones are gone")
    app.trigger_many(["push.open", "email.open"])
    heard = sorted({request.query["channel"] for request in inbox.requests()})
    rec.expect(["Email"], heard, "channels counted in every place")


def _splits(rec: Recorder, names: tuple[str, ...]) -> Iterable[frozenset[str]]:
    """Return which arguments stand in the query: all subsets of few, some of many."""
    every = [
        frozenset(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)
    ]
    if len(names) <= 5:
        return rec.random.sample(every, rec.samples(len(every)))
    alone = [each for each in every if len(each) in (0, 1, len(names) - 1, len(names))]
    drawn = [*alone, *rec.random.sample(every, _DRAWN_SPLITS)]
    return rec.random.sample(drawn, rec.samples(len(drawn)))


def _try(
    app: AppUnderTest,
    inbox: InboxUnderTest,
    number: int,
    action: str,
    kind: str,
    in_query: frozenset[str],
) -> list[tuple[str, str]]:
    """Make one call; return the type and the URL of the rule that it must have added, if any."""
    rec = app.target.rec
    url = f"{inbox.url}?n={number}&channel={{{{Message channel}}}}&{'long=' + 'x' * 80}"
    arguments = _arguments(app, action, url)
    if action == "deletePostback":
        arguments["postbackId"] = app.add(NOWHERE)
    query = {name: value for name, value in arguments.items() if name in in_query}
    body = {name: value for name, value in arguments.items() if name not in in_query}
    answer = _sent(app.target, query, body, kind)
    where = f"{', '.join(sorted(query)) or 'nothing'} in the query, the rest as {kind}"
    expect_accepted(answer, f"{action} with {where}", rec)
    return [("messageEvents", url)] if action == "addPostback" else []


def _sent(
    target: Target, query: Mapping[str, Any], body: Mapping[str, Any], kind: str
) -> ApiAnswer:
    path = f"/api?{_query(query)}" if query else "/api"
    if not body:
        return answer_of(target.wire.send("POST", path, {}, None))
    content = {
        _FORM_DATA: lambda: multipart(body),
        _URLENCODED: lambda: _query(body).encode(),
    }.get(kind, lambda: json.dumps(body).encode())()
    return answer_of(target.wire.send("POST", path, {"Content-Type": kind}, content))


def _query(arguments: Mapping[str, Any]) -> str:
    return urlencode({name: str(value) for name, value in arguments.items()}, quote_via=quote)


def _arguments(app: AppUnderTest, action: str, url: str) -> dict[str, Any]:
    return app.arguments(action) | _own(action, url)


def _own(action: str, url: str) -> dict[str, Any]:
    values = {
        "type": "messageEvents",
        "postbackUrl": url,
        "channels": "[Email]",
        "postbackId": 1_234_567_890_123_456,
    }
    return {name: values[name] for name in _OWN[action]}


def _near(rec: Recorder, word: str) -> list[str]:
    """Return words that somebody could take for this one."""
    place = rec.random.randrange(1, len(word) - 1)
    letters = [at for at, letter in enumerate(word) if letter.isalpha()]
    found = {
        word.lower(),
        word.upper(),
        word.swapcase(),
        word.capitalize(),
        word[:-1],
        word[1:],
        word[: len(word) // 2],
        word + word[-1],
        word + "0",
        word + "s",
        "x" + word,
        " " + word,
        word + " ",
        f" {word} ",
        word + "\t",
        word[:place] + " " + word[place:],
        word[:place] + word[place + 1 :],
        word[:place] + word[place] * 2 + word[place + 1 :],
        word[::-1],
        word + word,
    }
    for at in rec.random.sample(letters, min(2, len(letters))):
        found.add(word[:at] + word[at].swapcase() + word[at + 1 :])
    return sorted(found - {word})
