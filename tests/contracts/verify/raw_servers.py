"""Asks servers that answer in their own way, for the tests that look at bytes."""

from __future__ import annotations

from contracts.verify.raw import RawConnection
from contracts.verify.raw_answer import RawAnswer
from contracts.verify.sender import Trust
from mockserver.transport.resolved_host import ResolvedHost
from tests.transport import servers
from tests.transport.servers import Behaviour, RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def host_of(port: int, host: str = "127.0.0.1", scheme: str = "http") -> ResolvedHost:
    return ResolvedHost(scheme, host, port, ("127.0.0.1",))


def asked(behaviour: Behaviour, method: str = "POST", real_seconds: float = 5) -> RawAnswer:
    with (
        RawServer(behaviour) as server,
        RawConnection(host_of(server.port), Trust(), real_seconds) as connection,
    ):
        return connection.request(method, "/in?x=1")


def answering(*pieces: bytes) -> Behaviour:
    """Send these pieces with pauses, one packet each, and keep the connection open."""

    def behave(connection: servers.Connection) -> None:
        connection.read_request()
        for piece in pieces:
            connection.send(piece)
            connection.pause(0.002)
        connection.wait_for_stop()

    return behave
