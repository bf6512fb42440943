"""The feed as a stream of events: at once, resumed, bounded, and never with a silent gap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from unittest import mock

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import Sandbox
from mockserver.web import event_stream
from mockserver.web.app import create_app
from mockserver.web.event_stream import MOST_AT_ONCE, MOST_STREAMS
from tests.web.answers import refused

ACCEPT = {"Accept": "text/event-stream"}


class Event(NamedTuple):
    """One event of a stream."""

    id: str
    kind: str
    data: Any


def opened(client: FlaskClient, query: str = "", **headers: str) -> TestResponse:
    return client.get(f"/_sandbox/feed{query}", headers={**ACCEPT, **headers})


def events(answer: TestResponse) -> Iterator[Event]:
    for piece in answer.response:
        text = piece.decode() if isinstance(piece, bytes) else piece
        if text.startswith(":"):
            yield Event("", "comment", text)
            continue
        fields = dict(line.split(": ", 1) for line in text.strip().split("\n"))
        yield Event(fields["id"], fields["event"], json.loads(fields["data"]))


def test_it_begins_at_once_and_goes_on(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    answer = opened(client, "?after=-1")
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    stream = events(answer)
    begin = next(stream)
    assert (begin.kind, begin.data) == ("begin", {"last": sandbox.feed.last})
    sandbox.trigger("email.click")
    kinds = [next(stream).data["kind"] for _ in range(2)]
    assert kinds == ["event", "attempt"]
    answer.close()


def test_what_happened_before_is_sent_if_asked_for(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.trigger("email.click")
    sandbox.trigger("email.open")
    stream = events(opened(client, "?after=1"))
    assert next(stream).kind == "begin"
    assert next(stream).data["sequence"] == 2


def test_it_goes_on_where_an_earlier_one_ended(client: FlaskClient, sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.trigger("email.click")
    first = events(opened(client))
    seen = [next(first) for _ in range(3)]
    again = events(opened(client, **{"Last-Event-ID": seen[-1].id}))
    assert next(again).kind == "begin"
    assert next(again).data["sequence"] == seen[-1].data["sequence"] + 1


@pytest.mark.parametrize("last_id", ["00000000-2", "x-1", "-1"])
def test_after_a_restart_a_gap_is_told(last_id: str, client: FlaskClient, sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.trigger("email.click")
    stream = events(opened(client, **{"Last-Event-ID": last_id}))
    assert next(stream).data == {"last": 3}
    gap = next(stream)
    assert (gap.kind, gap.data) == ("gap", {"missed": None})
    sandbox.trigger("email.click")
    assert next(stream).data["sequence"] == 4


def test_a_number_that_is_still_to_come_is_a_gap_too(client: FlaskClient) -> None:
    """As of a process before: else the reader would wait for as many happenings in vain."""
    stream = events(opened(client, "?after=99"))
    assert [next(stream).kind for _ in range(2)] == ["begin", "gap"]


@pytest.mark.parametrize("last_id", ["1", "abc", "00000000-", "00000000-x", "a-" + "9" * 99, "-"])
def test_what_is_no_id_of_ours_is_refused(last_id: str, client: FlaskClient) -> None:
    refused(opened(client, **{"Last-Event-ID": last_id}), 400, "invalid-value")


@pytest.mark.parametrize("more", [-1, 0, 1, 50])
def test_what_is_left_out_is_counted(more: int, client: FlaskClient, sandbox: Sandbox) -> None:
    for _ in range(MOST_AT_ONCE + more):
        sandbox.feed.add("rule", {"deleted": 1})
    stream = events(opened(client))
    next(stream)
    first = next(stream)
    if more <= 0:
        assert first.data["sequence"] == 1
    else:
        assert (first.kind, first.data) == ("gap", {"missed": more})
        assert next(stream).data["sequence"] == more + 1


def test_there_are_only_so_many_and_a_closed_one_makes_room(client: FlaskClient) -> None:
    answers = [opened(client) for _ in range(MOST_STREAMS)]
    detail = refused(opened(client), 503, "too-many-streams")
    assert "timeout=30" in detail
    answers[0].close()
    assert opened(client).status_code == 200


def test_one_that_was_never_read_makes_room_as_well(client: FlaskClient) -> None:
    for _ in range(3 * MOST_STREAMS):
        answer = opened(client)
        assert answer.status_code == 200
        answer.close()


def test_a_silent_stream_says_that_it_is_still_there(client: FlaskClient) -> None:
    with (
        mock.patch.object(event_stream, "COMMENT_REAL_SECONDS", 0.0),
        mock.patch.object(event_stream, "_LOOK_REAL_SECONDS", 0.0),
    ):
        stream = events(opened(client))
        next(stream)
        assert next(stream).kind == "comment"


def test_it_ends_with_the_sandbox(sandbox: Sandbox) -> None:
    stream = events(opened(create_app(sandbox).test_client()))
    next(stream)
    sandbox.close()
    assert list(stream) == []


def test_it_ends_when_the_reader_has_gone(sandbox: Sandbox) -> None:
    gone = [False, True]
    environ = {"waitress.client_disconnected": lambda: gone.pop(0)}
    with mock.patch.object(event_stream, "_LOOK_REAL_SECONDS", 0.0):
        answer = (
            create_app(sandbox)
            .test_client()
            .get("/_sandbox/feed", headers=ACCEPT, environ_overrides=environ)
        )
        assert [event.kind for event in events(answer)] == ["begin"]


def test_a_program_that_takes_anything_gets_json(client: FlaskClient) -> None:
    for accept in ("*/*", "application/json", ""):
        assert client.get("/_sandbox/feed", headers={"Accept": accept}).is_json


def test_what_is_sent_has_no_line_of_its_own(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.trigger("email.click", user_id="a\n\ndata: b\r\nevent: c\u2028")
    stream = events(opened(client))
    next(stream)
    assert next(stream).data["facts"]["event"]["user_id"] == "a\n\ndata: b\r\nevent: c\u2028"


def test_the_stream_is_described(client: FlaskClient) -> None:
    paths = client.get("/_sandbox/openapi.json").get_json()["paths"]
    answers = paths["/_sandbox/feed"]["get"]["responses"]["200"]["content"]
    assert set(answers) == {"application/json", "text/event-stream"}
    others = paths["/_sandbox/clock"]["get"]["responses"]["200"]["content"]
    assert set(others) == {"application/json"}
