"""What really happens on a socket is seen: bytes, ends, resets, silence."""

from __future__ import annotations

import pytest

from mockserver.net.raw_client import RawClient, Seen
from tests.transport.servers import (
    Behaviour,
    RawServer,
    closing_after,
    hanging,
    keeping_alive,
    resetting,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def seen(behaviour: Behaviour, silence: float = 5.0) -> Seen:
    with RawServer(behaviour) as server, RawClient("127.0.0.1", server.port) as client:
        return client.post("/x", silence)


def test_a_whole_answer_is_enough() -> None:
    got = seen(keeping_alive(OK))
    assert (got.data, got.status, got.body, got.ending) == (OK, 200, b"hi", "enough")
    assert 0 < got.arrivals[0] <= got.real_seconds


@pytest.mark.parametrize(
    ("behaviour", "data", "ending"),
    [
        (closing_after(b""), b"", "closed"),
        (closing_after(OK[:-1]), OK[:-1], "closed"),
        (closing_after(b"garbage\r\n\r\n"), b"garbage\r\n\r\n", "closed"),
        (resetting, b"", "reset"),
    ],
)
def test_how_it_ended_is_seen(behaviour: Behaviour, data: bytes, ending: str) -> None:
    got = seen(behaviour)
    assert (got.data, got.ending) == (data, ending)


def test_silence_is_waited_for_no_longer_than_told() -> None:
    got = seen(hanging, 0.05)
    assert (got.data, got.ending, got.arrivals) == (b"", "silent", ())
    assert got.real_seconds >= 0.05


def test_a_connection_serves_several_requests() -> None:
    with RawServer(keeping_alive(OK)) as server, RawClient("127.0.0.1", server.port) as client:
        assert [client.post("/x").status for _ in range(3)] == [200] * 3
        assert server.connections == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (OK, 200),
        (b"HTTP/1.0 404 No", 404),
        (b"HTTP/1.1 x y", None),
        (b"SSH 200 x", None),
        (b"", None),
    ],
)
def test_a_status_is_that_of_what_begins_like_http(data: bytes, status: int | None) -> None:
    assert Seen(data, "closed", (), 0.0).status == status
