"""Lets an ASGI application start up before its first request, and shut down after its last."""

from __future__ import annotations

import asyncio
from typing import Any

from mockserver.transport.application.asgi_messages import AsgiApplication, Message
from mockserver.transport.application.failure import BrokenApplication, line_of

#: How long an application may take to return after it said that it failed or shut down.
_RETURN_REAL_SECONDS = 1.0


class Lifespan:
    """Startup and shutdown of an application; those that know neither work as well.

    Attributes:
        state: What the application stores at its startup; each request gets a copy.
        task: What runs it, once it has begun.
    """

    def __init__(self, app: AsgiApplication) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._said = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_startup_received = False
        self._failure: BaseException | None = None
        self._error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> BaseException | None:
        """Let the application start up; return why it could not, None if it could.

        An exception alone is no failure: an application without startup raises one, too.
        """
        self.task = asyncio.create_task(self._run())
        return await self._result(self.task)

    async def stop(self) -> BaseException | None:
        """Let the application shut down; return what went wrong, None if nothing did."""
        task = self.task
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
        # Most applications say that they failed, and raise the reason after that.
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

    async def _receive(self) -> Message:
        if not self._is_startup_received:
            self._is_startup_received = True
            return {"type": "lifespan.startup"}
        await self._stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        phase = "shutdown" if self._stopping.is_set() else "startup"
        if message["type"] == f"lifespan.{phase}.failed":
            reason = str(message.get("message", "")).strip().rpartition("\n")[2]
            text = f"the {phase} of the application failed"
            self._failure = BrokenApplication(f"{text}: {reason}" if reason else text)
        elif message["type"] != f"lifespan.{phase}.complete":
            raise BrokenApplication(f"the application sent {message['type']} out of turn")
        self._said.set()
