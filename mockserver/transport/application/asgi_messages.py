"""Writes a request as ASGI messages, and reads the answer of an application from its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from mockserver.transport.application.exchange import ApplicationExchange, Headers, checked_headers
from mockserver.transport.application.failure import BrokenApplication
from mockserver.transport.application.request import ApplicationRequest

#: A message of ASGI.
Message = MutableMapping[str, Any]
#: An ASGI 3 application.
AsgiApplication = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


def scope_of(request: ApplicationRequest, state: dict[str, Any]) -> dict[str, Any]:
    """Return the connection scope that an ASGI server makes of `request`."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": request.scheme,
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers],
        "client": ("127.0.0.1", 0),
        "server": (request.host, request.port),
        "state": state.copy(),
        "extensions": {},
    }


async def converse(
    app: AsgiApplication,
    request: ApplicationRequest,
    state: dict[str, Any],
    exchange: ApplicationExchange,
) -> KeyboardInterrupt | None:
    """Let an application answer a request, and pass all that it does on to `exchange`.

    Args:
        app: The application.
        request: What it is asked.
        state: What it stored at its startup.
        exchange: Judges what it does.

    Returns:
        What it raised, if that means the process and not the request.
    """
    task = asyncio.current_task()
    assert task is not None, "a coroutine of a loop runs in a task"
    conversation = AsgiAnswer(exchange)
    try:
        await app(scope_of(request, state), conversation.receive, conversation.send)
        conversation.check_begun()
    except BaseException as error:
        if task.cancelling():
            raise
        exchange.fail(error)
        return error if isinstance(error, KeyboardInterrupt) else None
    finally:
        conversation.is_over.set()
    return None


class AsgiAnswer:
    """The messages of one request and its answer.

    The head goes out with the first message of the body, as ASGI asks of servers. Until then an
    exception is a 500.

    Args:
        exchange: Gets the answer.

    Attributes:
        is_over: Set when the answer is complete, or the application has ended.
    """

    def __init__(self, exchange: ApplicationExchange) -> None:
        self.is_over = asyncio.Event()
        self._exchange = exchange
        self._is_request_read = False
        self._head: tuple[int, Headers] | None = None
        self._is_head_sent = False

    async def receive(self) -> Message:
        """Return the request; when asked again, wait for the end: then the client is gone."""
        if not self._is_request_read:
            self._is_request_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.is_over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take in a message of the application.

        Raises:
            BrokenApplication: ASGI does not allow this message at this point.
        """
        if message["type"] == "http.response.start" and self._head is None:
            self._head = _head_of(message)
        elif (
            message["type"] == "http.response.body"
            and self._head is not None
            and not self.is_over.is_set()
        ):
            self._take_body(message, self._head)
        else:
            raise BrokenApplication(f"the application sent {message['type']} out of turn")

    def check_begun(self) -> None:
        """Check that the application, which has ended, sent an answer.

        Raises:
            BrokenApplication: It did not.
        """
        if not self._is_head_sent:
            missing = "http.response.start" if self._head is None else "http.response.body"
            raise BrokenApplication(f"the application ended without sending {missing}")

    def _take_body(self, message: Message, head: tuple[int, Headers]) -> None:
        data = message.get("body", b"")
        if not isinstance(data, bytes):
            raise BrokenApplication(f"the body is made of {type(data).__name__}, not of bytes")
        if not self._is_head_sent:
            self._is_head_sent = True
            self._exchange.begin(*head)
        self._exchange.keep(data)
        if not message.get("more_body", False):
            self._exchange.end()
            self.is_over.set()


def _head_of(message: Message) -> tuple[int, Headers]:
    status = message.get("status")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise BrokenApplication(f"the status {status!r} is not a number from 200 to 599")
    headers = []
    for name, value in message.get("headers", ()):
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise BrokenApplication(f"the header field {name!r}: {value!r} is not made of bytes")
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
    return int(status), checked_headers(headers)
