"""Calls a partner's ASGI application, on an event loop of its own.

Decides: the thread and the loop that the application lives on, when it starts up and shuts
down, and what its messages mean. Place in the flow: one of the two transports that
`transport.partner` makes. Must not import: anything but its sibling `partner`.

The loop has a thread of its own, because the test may itself run on a loop, which cannot
wait for another one. It keeps real time, also while somebody has frozen it: else `sleep`
would never end. A head goes out with the first message of the body, as ASGI asks of servers;
until then an exception is a 500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import CancelledError, Future
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.net.real_time_loop import RealTimeLoop
from mockserver.transport.application.base import (
    ApplicationExchange,
    ApplicationTransport,
    Headers,
    checked_headers,
)
from mockserver.transport.application.failure import ApplicationFailure, BrokenApplication, line_of
from mockserver.transport.application.request import ApplicationRequest

_Message = MutableMapping[str, Any]
_App = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]

#: How long an application may take to return after it said that it failed or shut down.
_RETURN_REAL_SECONDS = 1.0


class AsgiTransport(ApplicationTransport):
    """A transport to an ASGI application; see `application_transport`.

    The application starts up before the first attempt and shuts down at `close`; an attempt
    after that starts it anew.
    """

    def __init__(
        self,
        app: Any,
        base_url: str,
        now: Callable[[], datetime],
        timeout_of: Callable[[DueAttempt], timedelta],
        on_failure: Callable[[ApplicationFailure], None],
    ) -> None:
        super().__init__(app, base_url, now, timeout_of, on_failure)
        self._server: _Server | None = None
        self._opening = Lock()
        self._last: DueAttempt | None = None

    def close(self) -> None:
        """Break off what is under way, let the application shut down, and end its thread."""
        with self._opening:
            server, self._server = self._server, None
        if server is None:
            return
        server.stop()
        if server.shutdown_failure is not None and self._last is not None:
            self._tell(self._last, server.shutdown_failure)

    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        with self._opening:
            if self._server is None:
                self._server = _Server(self._app)
            server = self._server
            self._last = attempt
            answered = server.submit(request, exchange)
        try:
            answered.result()
        except CancelledError:
            stopped = BrokenApplication("the application was stopped before it had answered")
            exchange.fail(stopped, OutcomeKind.RESET)
            # It is none of the application's doing.
            exchange.failure = None
        except BaseException:
            answered.cancel()
            raise
        interrupt, server.interrupt = server.interrupt, None
        if interrupt is not None:
            raise interrupt


class _Server:
    """The thread an application lives on.

    Attributes:
        shutdown_failure: What went wrong at the very end.
        interrupt: A `KeyboardInterrupt` that the application raised; it is the sender's.
    """

    def __init__(self, app: _App) -> None:
        self.shutdown_failure: BaseException | None = None
        self.interrupt: KeyboardInterrupt | None = None
        self._app = app
        self._lifespan = _Lifespan(app)
        self._loop = RealTimeLoop()
        self._started = asyncio.Event()
        self._startup_failure: BaseException | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._serving = self._loop.create_task(self._serve())
        # Whoever forgets to close the sandbox is not to hang at the end of the process.
        self._thread = Thread(target=self._run, name="postbacks-asgi", daemon=True)
        self._thread.start()

    def submit(self, request: ApplicationRequest, exchange: ApplicationExchange) -> Future[None]:
        """Let the application answer `request`, in the context of the caller."""
        return asyncio.run_coroutine_threadsafe(self._answer(request, exchange), self._loop)

    def stop(self) -> None:
        """Break off, shut down, and wait for the end of the thread."""
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            loop = runner.get_loop()
            while not self._serving.done():
                try:
                    loop.run_until_complete(self._serving)
                except (KeyboardInterrupt, SystemExit) as error:
                    # A task raised it, and asyncio lets nothing else run after that.
                    self._keep_interrupt(error)
                except asyncio.CancelledError:
                    return

    async def _serve(self) -> None:
        try:
            self._startup_failure = await self._lifespan.start()
            self._started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for task in self._answering:
                task.cancel()
            if self._answering:
                await asyncio.wait(self._answering)
        if self._started.is_set() and self._startup_failure is None:
            self.shutdown_failure = await self._lifespan.stop()

    async def _answer(self, request: ApplicationRequest, exchange: ApplicationExchange) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine of a loop runs in a task"
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        await self._started.wait()
        if self._startup_failure is not None:
            exchange.fail(self._startup_failure, OutcomeKind.REFUSED)
            return
        conversation = _AsgiAnswer(exchange)
        try:
            scope = scope_of(request, self._lifespan.state)
            await self._app(scope, conversation.receive, conversation.send)
            conversation.check_begun()
        except BaseException as error:
            if task.cancelling():
                raise
            self._keep_interrupt(error)
            exchange.fail(error)
        finally:
            conversation.is_over.set()

    def _keep_interrupt(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.interrupt = error


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


class _AsgiAnswer:
    """The messages of one request.

    Attributes:
        is_over: Set when the answer is complete, or nobody is there to complete it.
    """

    def __init__(self, exchange: ApplicationExchange) -> None:
        self.is_over = asyncio.Event()
        self._exchange = exchange
        self._is_request_read = False
        self._head: tuple[int, Headers] | None = None
        self._is_head_sent = False

    async def receive(self) -> _Message:
        """Return the request, and after the answer that the client is gone."""
        if not self._is_request_read:
            self._is_request_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.is_over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: _Message) -> None:
        """Take a message of the application."""
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
        """Refuse an application that has ended without an answer.

        Raises:
            BrokenApplication: It has.
        """
        if not self._is_head_sent:
            missing = "http.response.start" if self._head is None else "http.response.body"
            raise BrokenApplication(f"the application ended without sending {missing}")

    def _take_body(self, message: _Message, head: tuple[int, Headers]) -> None:
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


def _head_of(message: _Message) -> tuple[int, Headers]:
    status = message.get("status")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise BrokenApplication(f"the status {status!r} is not a number from 200 to 599")
    headers = []
    for name, value in message.get("headers", ()):
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise BrokenApplication(f"the header field {name!r}: {value!r} is not made of bytes")
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
    return int(status), checked_headers(headers)


class _Lifespan:
    """Startup and shutdown of an application, if it knows of them.

    Attributes:
        state: What the application keeps from its startup for its requests.
    """

    def __init__(self, app: _App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._said = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_startup_received = False
        self._failure: BaseException | None = None
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> BaseException | None:
        """Let the application start up; return why it did not.

        An exception alone says only that it does not know of startup, as with every server.
        """
        self._task = asyncio.create_task(self._run())
        return await self._result(self._task)

    async def stop(self) -> BaseException | None:
        """Let the application shut down; return what went wrong."""
        task = self._task
        if task is None or task.done():
            return None
        self._said.clear()
        self._stopping.set()
        failure = await self._result(task)
        await asyncio.wait({task}, timeout=_RETURN_REAL_SECONDS)
        return failure or self._error

    async def _result(self, task: asyncio.Task[None]) -> BaseException | None:
        await self._said.wait()
        if self._failure is None:
            return None
        # Most say that they failed and raise the reason after that.
        await asyncio.wait({task}, timeout=_RETURN_REAL_SECONDS)
        if self._error is None:
            return self._failure
        reason = BrokenApplication(f"{self._failure}: {line_of(self._error)}")
        reason.__cause__ = self._error
        return reason

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._error = error
        finally:
            self._said.set()

    async def _receive(self) -> _Message:
        if not self._is_startup_received:
            self._is_startup_received = True
            return {"type": "lifespan.startup"}
        await self._stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: _Message) -> None:
        phase = "shutdown" if self._stopping.is_set() else "startup"
        if message["type"] == f"lifespan.{phase}.failed":
            reason = str(message.get("message", "")).strip().rpartition("\n")[2]
            text = f"the {phase} of the application failed"
            self._failure = BrokenApplication(f"{text}: {reason}" if reason else text)
        elif message["type"] != f"lifespan.{phase}.complete":
            raise BrokenApplication(f"the application sent {message['type']} out of turn")
        self._said.set()
