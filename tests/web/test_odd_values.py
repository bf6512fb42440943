"""Nothing that a client sends is a fault of the sandbox, on either API, in memory and in SQLite."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver import Sandbox
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.opening import IN_MEMORY, open_ledger
from mockserver.web.app import create_app
from tests.web.odd_requests import (
    API_CALLS,
    FITTING,
    ODD_BODIES,
    ODD_BYTES,
    ODD_JSON,
    Answer,
    Call,
    Operation,
    api_calls,
    changed_at,
    odd_calls,
    operations,
    places,
    send,
    written,
)

CLICK = Call("an event", "POST", b"/_sandbox/events", body=b'{"name": "email.click"}')
HEALTH = Call("health", "GET", b"/_sandbox/health")
OPERATIONS = operations(
    json.loads(send(create_app(Sandbox()), Call("", "GET", b"/_sandbox/openapi.json")).body)
)


class Failing:
    """An endpoint that is slow and down, so that something is due for as long as possible."""

    batch = 1

    def send(self, attempt: DueAttempt) -> Outcome:
        return Outcome(OutcomeKind.RESPONSE, timedelta(seconds=29), status=503)


@pytest.fixture(params=["memory", "SQLite"], scope="module")
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("odd")
    place = IN_MEMORY if request.param == "memory" else folder / "sandbox.db"
    with Sandbox(ledger=open_ledger(place), transport=Failing()) as sandbox:
        sandbox.add_postback("https://a.test/?p={{Parameters}}&u={{User ID}}&t={{Trigger time}}")
        # Whoever waits is answered at once.
        sandbox.feed.close()
        with mock.patch.object(sandbox.inboxes.journal, "wait_for", no_wait(sandbox)):
            yield create_app(sandbox)


def no_wait(sandbox: Sandbox) -> Any:
    def wait_for(inbox: str, count: int, timeout_real_seconds: float) -> Any:
        assert 0 <= timeout_real_seconds <= 30
        return sandbox.inboxes.journal.requests(inbox)

    return wait_for


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def check(call: Call, answer: Answer) -> None:
    assert answer.status < 500, (call.what, answer)
    if answer.status < 400:
        return
    document = json.loads(answer.body)
    if "application/problem+json" in answer.content_type:
        assert set(document) == {"type", "title", "status", "detail", "instance"}, call.what
        assert document["type"].startswith("urn:postbacks:problem:"), call.what
        assert document["status"] == answer.status, call.what
        detail = document["detail"]
    else:
        assert not call.path.startswith(b"/_sandbox/"), (call.what, answer)
        detail = document["response"][0]["error"]["message"]
        assert document["response"][0]["success"] is False
    assert detail, call.what
    assert "\n" not in detail, call.what
    assert len(answer.body) < 20_000, call.what


def check_all(app: Flask, calls: list[Call]) -> None:
    for number, call in enumerate(calls):
        check(call, send(app, call))
        # What one caller says breaks nobody else's events.
        if not number % 20:
            assert send(app, CLICK).status == 200, call.what
            send(app, Call("", "POST", b"/_sandbox/reset", body=b"{}"))
    assert send(app, CLICK).status == 200


def some(calls: list[Call], app: Flask) -> list[Call]:
    """All of them in memory; in a file, which takes ten times as long, a part."""
    ledger = json.loads(send(app, HEALTH).body)["ledger"]
    if ledger == "MemoryLedger" or len(calls) < 200:
        return calls
    return random.Random(20).sample(calls, max(100, len(calls) // 20))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_an_odd_value_at_any_place_of_an_operation(app: Flask, operation: Operation) -> None:
    check_all(app, some(list(odd_calls(operation)), app))


def test_an_odd_value_at_any_place_of_leanplums_api(app: Flask) -> None:
    check_all(app, some(list(api_calls()), app))


ANY_JSON = st.one_of(
    st.sampled_from(ODD_JSON),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)
ANY_BYTES = st.one_of(st.sampled_from(ODD_BYTES), st.binary(max_size=40))


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Return a call with several odd values at once."""
    operation = draw(st.sampled_from(OPERATIONS))
    segment = ANY_BYTES.map(lambda value: value.decode("latin-1"))
    path = draw(st.dictionaries(st.sampled_from(operation.path_parameters or ["-"]), segment))
    names = [*operation.query_parameters, "unknown"]
    query = draw(st.dictionaries(st.sampled_from(names), ANY_BYTES, max_size=3))
    body = None
    fitting = [*operation.bodies, *FITTING.get((operation.method, operation.path), [])]
    if fitting:
        value = draw(st.sampled_from(fitting))
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.sampled_from(list(places(value))))
            value = changed_at(value, place, draw(ANY_JSON), alone=draw(st.booleans()))
        body = written(value).encode("utf-8", "surrogateescape")
        body = draw(st.just(body) | st.sampled_from(ODD_BODIES))
    return operation.call(
        f"{path} {query} {(body or b'')[:200]!r}", path=path, query=query, body=body
    )


@st.composite
def calls_of_leanplums_api(draw: st.DrawFn) -> Call:
    arguments = dict(draw(st.sampled_from(API_CALLS)))
    names = st.sampled_from([*arguments, "unknown", "channels", "postbackId"])
    arguments |= draw(st.dictionaries(names, ANY_JSON, max_size=3))
    body = written(arguments).encode("utf-8", "surrogateescape")
    headers = (("CONTENT_TYPE", "application/json"),)
    return Call(repr(body[:300]), "POST", b"/api", headers=headers, body=body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(call=calls() | calls_of_leanplums_api())
def test_several_odd_values_at_once(app: Flask, call: Call) -> None:
    check(call, send(app, call))
    assert send(app, CLICK).status == 200
