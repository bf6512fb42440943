"""The stream of events of a real server, read as it comes, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice

import pytest

from mockserver.client.event_stream import StreamEvent, read_events
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.errors import InvalidValue, ServerUnreachable
from mockserver.live import LiveSandbox
from mockserver.web.event_stream import MOST_STREAMS

SENT = (
    b'id: a-1\nevent: begin\ndata: {"last":1}\n\n'
    b": still here\n\n"
    b'id: a-2\r\nevent: happening\r\ndata:{"kind": "reset"}\r\n\r\n'
    b"event: later\ndata: 1\n\n"
    b'id: a-3\nevent: gap\ndata: {"missed":null}\n\n'
)
MEANT = [
    StreamEvent("begin", "a-1", {"last": 1}),
    StreamEvent("beat"),
    StreamEvent("happening", "a-2", {"kind": "reset"}),
    StreamEvent("gap", "a-3", {"missed": None}),
]


@pytest.fixture
def live() -> Iterator[LiveSandbox]:
    with LiveSandbox() as live:
        yield live


def test_events_are_read_and_comments_are_beats() -> None:
    assert list(read_events(SENT.splitlines(keepends=True))) == MEANT


@pytest.mark.parametrize("length", range(len(SENT)))
def test_an_event_that_is_cut_off_is_left_out(length: int) -> None:
    got = list(read_events(SENT[:length].splitlines(keepends=True)))
    assert got == MEANT[: len(got)]


def test_what_happens_comes_as_it_happens(live: LiveSandbox) -> None:
    client = SandboxClient(live.url)
    live.sandbox.trigger("email.open")
    with closing(client.stream()) as stream:
        assert next(stream).data == {"last": 1}
        live.sandbox.trigger("email.open")
        event = next(stream)
        assert (event.data["kind"], event.number) == ("event", 2)


def test_a_stream_goes_on_where_another_ended(live: LiveSandbox) -> None:
    client = SandboxClient(live.url)
    with closing(client.stream()) as stream:
        last_id = next(stream).id
    for _ in range(3):
        live.sandbox.trigger("email.open")
    with closing(client.stream(last_id)) as stream:
        got = list(islice(stream, 4))
    assert [event.data.get("sequence") for event in got] == [None, 1, 2, 3]
    live.restart()
    with closing(client.stream(got[-1].id)) as stream:
        assert [event.kind for event in islice(stream, 2)] == ["begin", "gap"]


def test_a_server_that_ends_ends_the_stream(live: LiveSandbox) -> None:
    with closing(SandboxClient(live.url).stream()) as stream:
        next(stream)
        live.stop()
        assert list(stream) == []
    with pytest.raises(ServerUnreachable, match="no sandbox answers"):
        SandboxClient(live.url).stream()


def test_too_many_streams_are_refused_in_words(live: LiveSandbox) -> None:
    client = SandboxClient(live.url)
    with ExitStack() as stack:
        for _ in range(MOST_STREAMS):
            next(stack.enter_context(closing(client.stream())))
        with pytest.raises(Refused, match="8 streams are open"):
            client.stream()


def test_a_client_without_a_socket_has_no_stream() -> None:
    with pytest.raises(InvalidValue, match="through a socket"):
        SandboxClient(wire=WsgiWire(lambda environ, start: [])).stream()
