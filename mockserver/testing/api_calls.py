"""Answers calls of Leanplum's API for a test, and keeps the calls that were refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockserver.testing.interception.hosts import LEANPLUM_HOSTS

if TYPE_CHECKING:
    from mockserver.client.wire import Reply, WsgiWire
    from mockserver.receiver.journal import End
    from mockserver.receiver.told_answer import ToldAnswer
    from mockserver.sandbox import Sandbox


#: The status of a call that is never answered.
NO_STATUS = 0


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call of Leanplum's API that was answered with an error.

    Attributes:
        method: The method of the HTTP request.
        query: The query, decoded.
        content: The body.
        reply: The answer, of a status from 400 on; of 0 if there is never one.
    """

    method: str
    query: str
    content: bytes
    reply: Reply

    @property
    def message(self) -> str:
        """Return what the API said."""
        try:
            return str(json.loads(self.reply.body)["response"][0]["error"]["message"])
        except (ValueError, KeyError, IndexError, TypeError):
            return self.reply.body.decode("utf-8", "replace")

    @property
    def action(self) -> str:
        """Return the method of the API that was called, or `a call` if it cannot be seen."""
        sent = f"{self.query}\n{self.content.decode('utf-8', 'replace')}"
        for name in ("addPostback", "listPostbacks", "deletePostback"):
            if re.search(rf"\b{name}\b", sent):
                return name
        return "a call"


class ApiCalls:
    """Leanplum's API of one sandbox, called without a socket.

    Args:
        sandbox: Whose API it is.

    Attributes:
        refused: The calls that were refused, oldest first.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.refused: list[RefusedCall] = []
        self._sandbox = sandbox

    def answer(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None
    ) -> Reply:
        """Answer one request; the web application is made when the first one of all tests comes.

        Raises:
            AnsweredAsTold: The API was told to answer late, or with something that is not HTTP.
        """
        from mockserver.receiver.told_answer import ANSWER_AS, TOLD, AnswerAs, ToldAnswer
        from mockserver.testing.told_answers import AnsweredAsTold
        from mockserver.web.app import SANDBOX

        wire = _wire()
        # The whole body is here, so how it was to be sent does not matter any more.
        dropped = ("host", "transfer-encoding", "content-length")
        passed = {name: value for name, value in headers.items() if name.lower() not in dropped}
        environ = wire.environ(method, target, passed, content or b"")
        environ[SANDBOX] = self._sandbox
        told: list[ToldAnswer] = []
        environ[ANSWER_AS] = AnswerAs(told.append, _nothing)
        reply = wire.call(environ)
        query = unquote(target.partition("?")[2])

        def ended(end: End, status: int | None) -> None:
            told[0].ended(end, status)
            if end == "cancelled":
                # Whatever the code under test does about the error: it would hang.
                from mockserver.client.wire import Reply

                endless = Reply(NO_STATUS, [], b"it has no timeout, so it would wait for ever")
                self.refused.append(RefusedCall(method, query, content or b"", endless))

        if told:
            raise AnsweredAsTold(ToldAnswer(told[0].answer, ended))
        if reply.status >= 400 and TOLD not in environ:
            self.refused.append(RefusedCall(method, query, content or b"", reply))
        return reply

    def serve(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request that came through a socket, as a WSGI application does."""
        from mockserver.receiver.told_answer import TOLD
        from mockserver.web.app import SANDBOX

        content: bytes = environ["wsgi.input"].read()
        path = environ["PATH_INFO"]
        environ |= {
            "wsgi.input": BytesIO(content),
            "PATH_INFO": f"/{path.lstrip('/')}",
            SANDBOX: self._sandbox,
        }
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def starting(status: str, fields: list[tuple[str, str]], error: Any = None) -> Any:
            begun.append((status, fields))
            return start(status, fields, error) if error else start(status, fields)

        answer: Iterable[bytes] = _application()(environ, starting)
        status, fields = begun[-1]
        if status < "4" or TOLD in environ:
            return answer
        from mockserver.client.wire import Reply

        body = b"".join(answer)
        query = unquote(environ.get("QUERY_STRING", ""))
        reply = Reply(int(status[:3]), fields, body)
        self.refused.append(RefusedCall(environ["REQUEST_METHOD"], query, content, reply))
        return [body]

    def has_app(self, app_id: str) -> bool:
        """Return whether the sandbox has an app of this id."""
        return self._sandbox.ledger.app(app_id) is not None


def _nothing() -> None:
    """End no call: in this process none is kept waiting."""


@cache
def _application() -> Any:
    """Return the API, which is built once: that takes longer than any call."""
    from mockserver.web.app import create_leanplum_app

    return create_leanplum_app(LEANPLUM_HOSTS).wsgi_app


@cache
def _wire() -> WsgiWire:
    from mockserver.client.wire import WsgiWire

    return WsgiWire(_application())
