"""Answers calls of Leanplum's API for a test, and keeps the calls that were refused."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from mockserver.client.wire import Reply, WsgiWire
    from mockserver.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call of Leanplum's API that was answered with an error.

    Attributes:
        method: The method of the HTTP request.
        query: The query, decoded.
        content: The body.
        reply: The answer, of a status from 400 on.
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
        self._wire: WsgiWire | None = None

    def answer(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None
    ) -> Reply:
        """Answer one request; the web application is made when the first one comes."""
        if self._wire is None:
            from mockserver.client.wire import WsgiWire
            from mockserver.web.app import create_app

            self._wire = WsgiWire(create_app(self._sandbox).wsgi_app)
        # The whole body is here, so how it was to be sent does not matter any more.
        dropped = ("host", "transfer-encoding", "content-length")
        passed = {name: value for name, value in headers.items() if name.lower() not in dropped}
        reply = self._wire.send(method, target, passed, content)
        if reply.status >= 400:
            query = unquote(target.partition("?")[2])
            self.refused.append(RefusedCall(method, query, content or b"", reply))
        return reply
