"""What the tests of the suite's core build on: small cases, servers and wires of their own."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from contracts.conformance.real import PacedWire, RealServer
from contracts.conformance.server import Credentials
from contracts.conformance.subject import ServerSubject
from contracts.suite.exchange import RecordingWire
from contracts.suite.recorder import Recorder
from contracts.suite.registry import Case, case
from contracts.suite.results import CaseResult, RecordedExchange
from contracts.suite.vocabulary import CaseKind, Level, Need, Origin, Status, TargetKind
from mockserver.client.wire import Reply, Wire, WsgiWire
from mockserver.core.errors import ServerUnreachable
from mockserver.web.server import ApiServer

#: The id of a case that has statements, so that results can be looked at as a whole.
KNOWN_ID = "PB-RULES-CAP"

FAKE_AND_REAL = frozenset({TargetKind.FAKE, TargetKind.REAL})

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def case_of(body: Callable[..., Any], *, id: str = "PB-SAMPLE-ONE", **fields: Any) -> Case:
    """Return a case around `body` that nobody else knows."""
    text = {"title": "A sample holds", "why": "It is a sample.", "fix": "Look at the sample."}
    return case(id, **(text | fields))(body)


def passing(target: Any, rec: Recorder) -> None:
    """Compares one with one."""
    rec.expect(1, 1, "one is one")


def deviating(target: Any, rec: Recorder) -> None:
    """Compares one with two."""
    rec.expect(1, 2, "one is one")


def result_of(status: Status, **fields: Any) -> CaseResult:
    """Return a result that has this status and nothing else of interest."""
    plain: dict[str, Any] = {
        "id": KNOWN_ID,
        "title": "A sample",
        "area": "rules",
        "level": Level.MUST,
        "origin": Origin.DOCUMENTED,
        "kind": CaseKind.EXAMPLE,
        "statements": [],
        "fix": "",
    }
    return CaseResult(status=status, **(plain | fields))


def exchange_of(
    method: str = "GET",
    url: str = "http://127.0.0.1/api",
    headers: Mapping[str, str] | None = None,
    body: str = "",
) -> RecordedExchange:
    """Return the record of a request that was answered with nothing in particular."""
    return RecordedExchange(method, url, list((headers or {}).items()), body, 200, [], "", 0.0)


def recording(wire: Wire, **secrets: str) -> RecordingWire:
    """Return a recording wire that hides secrets, given by the variable that stands for each."""
    recorded = RecordingWire(wire)
    for variable, secret in secrets.items():
        recorded.hide(variable, secret)
    return recorded


class ScriptedWire:
    """A wire whose far end is a function, or one answer for everything.

    Attributes:
        sent: Every request, as it was handed in.
    """

    url = "http://scripted.test"

    def __init__(self, answer: Reply | Callable[..., Reply] | None = None) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []
        self._answer = answer or Reply(200, [], b"")

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        self.sent.append((method, target, dict(headers), content))
        if callable(self._answer):
            return self._answer(method, target, headers, content)
        return self._answer


class SampleServer(ServerSubject):
    """A fake for the suite over any wire."""

    description = "a sample"

    def __init__(
        self, wire: Wire | None = None, *, capabilities: Iterable[Need] = (Need.CONTROL,)
    ) -> None:
        self.wire = wire or ScriptedWire()
        self.capabilities = frozenset(capabilities)

    def restart(self) -> None:
        raise ServerUnreachable("a sample is not restarted")


class TinyLeanplum:
    """Leanplum's API in thirty lines, without a control API: a WSGI application.

    Attributes:
        rules: By id.
        calls: The arguments of every call.
        undeletable: Ids whose deletion is refused.
        dies_after: How many calls are answered; none after that.
        says: Makes an answer out of the arguments, in place of the plain one.
    """

    def __init__(self) -> None:
        self.rules: dict[int, str] = {}
        self.calls: list[dict[str, Any]] = []
        self.undeletable: set[int] = set()
        self.dies_after: int | None = None
        self.says: Callable[[dict[str, Any]], tuple[int, Any]] = self._answer

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if self.dies_after is not None and len(self.calls) >= self.dies_after:
            raise ServerUnreachable("the line is dead")
        if environ["PATH_INFO"] != "/api":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not here"]
        arguments: dict[str, Any] = dict(parse_qsl(environ["QUERY_STRING"]))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.calls.append(arguments)
        try:
            arguments |= json.loads(body) if body else {}
            status, answer = self.says(arguments)
        except (ValueError, KeyError) as error:
            status, answer = 400, {"success": False, "error": {"message": repr(error)}}
        start(f"{status} X", [("Content-Type", "application/json")])
        return [json.dumps({"response": [answer]}).encode()]

    def as_real(self, key: str = "the-secret-key") -> RealServer:
        """Return a server of the real kind over this application, in this process."""
        paced = PacedWire(WsgiWire(self), sleep=lambda seconds: None)
        return RealServer(Credentials("their-app", key), paced)

    def _answer(self, arguments: dict[str, Any]) -> tuple[int, Any]:
        match arguments.get("action"):
            case "addPostback":
                postback_id = len(self.calls) + 1_000
                self.rules[postback_id] = arguments["postbackUrl"]
                return 200, {"success": True, "postbackId": postback_id}
            case "deletePostback":
                if arguments["postbackId"] in self.undeletable:
                    return 500, {"success": False, "error": {"message": "not today"}}
                if self.rules.pop(arguments["postbackId"], None) is None:
                    return 200, {"success": True, "warning": {"message": "no such rule"}}
                return 200, {"success": True}
            case "listPostbacks":
                rules = self.rules.items()
                listed = [{"postbackId": number, "postbackUrl": url} for number, url in rules]
                return 200, {"success": True, "postbacks": listed}
        return 400, {"success": False, "error": {"message": "what is that?"}}


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve a WSGI application on a free loopback port; yield its URL."""
    server = ApiServer(app)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class RawServer:
    """Answers every connection with the same bytes and hangs up; with None it never answers.

    With `hangs` it keeps the connection open after its bytes. Use it as a context manager.

    Attributes:
        url: Where it listens.
        requests: The bytes of every request, as they came.
    """

    def __init__(self, answer: bytes | None, *, hangs: bool = False) -> None:
        self.requests: list[bytes] = []
        self._hangs = hangs
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="raw-server", daemon=True)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing a listener does not wake who waits for it; shutting it down does.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)
        for connection in self._held:
            connection.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            self._held.append(connection)
            if self._answer is None:
                continue
            self.requests.append(_whole_request(connection))
            connection.sendall(self._answer)
            if not self._hangs:
                connection.close()


def _whole_request(connection: socket.socket) -> bytes:
    """Read a request up to the end of the body that its Content-Length announces."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65536)
        if not piece:
            return request
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    fields = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    lengths = [int(value) for name, _, value in fields if name.lower() == b"content-length"]
    while lengths and len(body) < lengths[0]:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
