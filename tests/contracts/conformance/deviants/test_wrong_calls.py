"""What the deviants about wrong calls do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.conformance.api import Form, answer_of

from .acting import NOWHERE, Actor, Probe, name_of, prove


def _listed(**arguments: Any) -> Callable[[Actor], int]:
    return lambda actor: actor.call("listPostbacks", **arguments).status


def _added(**arguments: Any) -> Callable[[Actor], int]:
    return lambda actor: actor.try_add(**arguments).status


def _deleted(postback_id: Any) -> Callable[[Actor], int]:
    return lambda actor: actor.call("deletePostback", postbackId=postback_id).status


def _deleted_by(form: Form, write: Callable[[int], Any]) -> Callable[[Actor], bool]:
    return lambda actor: actor.call("deletePostback", form, postbackId=write(actor.add())).accepted


def _said(actor: Actor) -> bool:
    return "type" in actor.call("addPostback", postbackUrl=NOWHERE).error


def _allowed(actor: Actor) -> bool:
    return "abTestEvents" in actor.try_add(type="events").error


def _body(content: bytes, kind: str) -> Callable[[Actor], int]:
    query = "action=listPostbacks&appId=shop&clientKey=export&apiVersion=1.0.6"

    def look(actor: Actor) -> int:
        reply = actor.wire.send("POST", f"/api?{query}", {"Content-Type": kind}, content)
        return answer_of(reply).status

    return look


PROBES = (
    Probe("true-taken-for-one", _deleted(True), 400, 200),
    Probe("id-of-any-digits", _deleted("1x"), 400, 200),
    Probe("first-of-a-list-counts", _listed(appId=["shop", "shop"]), 400, 200),
    Probe("null-taken-for-a-default", _body(b'{"apiVersion": null}', "application/json"), 400, 200),
    Probe("channels-of-any-sort", _added(channels={"Email": True}), 400, 200),
    Probe("refusals-as-500", _added(type="events"), 400, 500),
    Probe("refusals-as-422", _added(type="events"), 400, 422),
    Probe("unknown-channel-breaks", _added(channels=["SMS"]), 400, 500),
    Probe("bad-url-breaks", _added(url="ftp://example.invalid/in"), 400, 500),
    Probe("refusals-say-bad-request", _said, True, False),
    Probe("refusals-without-what-is-allowed", _allowed, True, False),
    Probe("form-labelled-json-read", _body(b"a=b", "application/json"), 400, 200),
    Probe("broken-bodies-are-empty", _body(b"{", "application/json"), 400, 200),
    Probe("bytes-replaced", _body(b'{"x": "\xe9"}', "application/json"), 400, 200),
    Probe("latin-1-read", _body(b'{"x": "\xe9"}', "application/json"), 400, 200),
    Probe("id-as-form-text-refused", _deleted_by(Form.MULTIPART, int), True, False),
    Probe("id-as-number-refused", _deleted_by(Form.JSON, int), True, False),
    Probe("id-as-json-text-refused", _deleted_by(Form.JSON, str), True, False),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_right_calls_are_carried_out(probe: Probe) -> None:
    prove(Probe(probe.name, lambda actor: actor.try_add(channels=["Email"]).status, 200, 200))


@pytest.mark.parametrize("name", ["refusals-as-500", "refusals-as-422"])
def test_a_wrong_key_stays_forbidden(name: str) -> None:
    prove(Probe(name, _listed(clientKey="wrong"), 403, 403))
