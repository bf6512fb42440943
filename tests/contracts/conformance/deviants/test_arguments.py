"""What the deviants about single arguments and exact words do otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from contracts.conformance.api import answer_of, multipart
from contracts.conformance.deviants.deviant_server import DeviantServer
from mockserver.client.wire import Wire

from .acting import NOWHERE, Actor, Probe, name_of, prove

_JSON = "application/json"
_FORM = "multipart/form-data; boundary=postbacks-contracts-boundary"
_URLENCODED = "application/x-www-form-urlencoded"


def _sent(wire: Wire, query: dict[str, Any], body: dict[str, Any], kind: str) -> bool:
    content = multipart(body) if kind == _FORM else json.dumps(body).encode()
    if kind == _URLENCODED:
        content = urlencode(body).encode()
    path = f"/api?{urlencode(query)}"
    return answer_of(wire.send("POST", path, {"Content-Type": kind}, content)).accepted


def _split(action: str, *in_query: str, kind: str = _JSON, **own: Any) -> Callable[[Actor], bool]:
    """Look whether a call is accepted with these arguments in the query, the rest in a body."""

    def look(actor: Actor) -> bool:
        everything = {"action": action, "appId": "shop", "clientKey": "export"}
        everything |= {"apiVersion": "1.0.6"} | own
        query = {name: everything.pop(name) for name in in_query}
        return _sent(actor.wire, query, everything, kind)

    return look


_ADD = {"type": "messageEvents", "postbackUrl": NOWHERE}


def _called(**changes: Any) -> Callable[[Actor], bool]:
    """Look whether addPostback is accepted with these arguments in place of the right ones."""

    def look(actor: Actor) -> bool:
        arguments = _ADD | changes
        return actor.call(arguments.pop("action", "addPostback"), **arguments).accepted

    return look


def _channels_in_query(actor: Actor) -> int:
    """Look at how many rules a push notification fires, if one for Email was registered."""
    own = _ADD | {"postbackUrl": actor.inbox(), "channels": "[Email]"}
    assert _split("addPostback", "channels", **own)(actor)
    return len(actor.fire("push.open"))


def _length_in_query(actor: Actor) -> int:
    own = _ADD | {"postbackUrl": NOWHERE + "a" * 100}
    assert _split("addPostback", "postbackUrl", **own)(actor)
    return len(actor.call("listPostbacks").response["postbacks"][0]["postbackUrl"])


def _deleted_by_query(actor: Actor) -> bool:
    return _split("deletePostback", "postbackId", postbackId=actor.add())(actor)


def _both(name: str, in_query: str, in_body: str, kind: str) -> Callable[[Actor], list[str]]:
    """Look at what listPostbacks tells of a rule that was added with both values."""

    def look(actor: Actor) -> list[str]:
        body = {"action": "addPostback", "appId": "shop", "clientKey": "export"}
        body |= {"apiVersion": "1.0.6"} | _ADD | {name: in_body}
        _sent(actor.wire, {name: in_query}, body, kind)
        listed = actor.call("listPostbacks").response["postbacks"]
        return [each["postbackUrl"].removeprefix(NOWHERE) for each in listed]

    return look


def _get_of(length: int) -> Callable[[Actor], bool]:
    def look(actor: Actor) -> bool:
        path = "/api?action=listPostbacks&appId=shop&clientKey=export&apiVersion=1.0.6&x="
        path += "a" * (length - len(actor.wire.url) - len(path))
        return answer_of(actor.wire.send("GET", path, {}, None)).accepted

    return look


def _no(name: str, look: Callable[[Actor], bool]) -> Probe:
    return Probe(name, look, True, False)


def _yes(name: str, look: Callable[[Actor], bool]) -> Probe:
    return Probe(name, look, False, True)


PROBES = (
    _no("type-in-query-ignored-with-form", _split("addPostback", "type", kind=_FORM, **_ADD)),
    Probe("channels-in-query-ignored", _channels_in_query, 0, 1),
    _no("postback-id-in-query-ignored", _deleted_by_query),
    _no("app-id-in-form-ignored", _split("listPostbacks", kind=_FORM)),
    _no("version-in-json-ignored", _split("listPostbacks")),
    Probe(
        "query-wins-over-form-data",
        _both("postbackUrl", f"{NOWHERE}?q", f"{NOWHERE}?b", _FORM),
        ["?b"],
        ["?q"],
    ),
    Probe(
        "query-wins-over-urlencoded",
        _both("type", "messageEvent", "messageEvents", _URLENCODED),
        [""],
        [],
    ),
    Probe(
        "url-in-query-wins",
        _both("postbackUrl", f"{NOWHERE}?q", f"{NOWHERE}?b", _JSON),
        ["?b"],
        ["?q"],
    ),
    Probe("channels-in-query-win", _both("channels", "[Fax]", "[Email]", _JSON), [""], []),
    _no("key-in-urlencoded-ignored", _split("listPostbacks", kind=_URLENCODED)),
    _no("json-with-charset-refused", _split("listPostbacks", kind=_JSON + "; charset=utf-8")),
    _no("body-read-without-query-action", _split("listPostbacks", "appId")),
    Probe("url-in-query-cut-at-100", _length_in_query, len(NOWHERE) + 100, 100),
    _yes("key-in-any-case", _called(clientKey="EXPORT")),
    _yes("key-by-its-beginning", _called(clientKey="expo")),
    _yes("key-with-more-behind", _called(clientKey="export2")),
    _yes("key-trimmed", _called(clientKey=" export")),
    _yes("version-by-its-beginning", _called(apiVersion="1.0.")),
    _yes("version-with-more-behind", _called(apiVersion="1.0.60")),
    _yes("version-trimmed", _called(apiVersion="1.0.6 ")),
    _yes("type-in-any-case", _called(type="messageevents")),
    _yes("type-by-its-beginning", _called(type="messageEvent")),
    _yes("type-trimmed", _called(type="messageEvents ")),
    _yes("action-in-any-case", _called(action="addpostback")),
    _yes("action-trimmed", _called(action="addPostback ")),
    _yes("names-in-any-case", _called(type=None, Type="messageEvents")),
    _yes("names-trimmed", _called(type=None, **{"type ": "messageEvents"})),
    _no("get-length-one-less", _get_of(2083)),
    _yes("get-length-one-more", _get_of(2084)),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize(("length", "accepted"), [(2082, True), (2083, True), (2084, False)])
def test_the_limit_is_that_of_the_url(length: int, accepted: bool) -> None:
    with DeviantServer() as fake:
        assert _get_of(length)(Actor(fake)) is accepted
