"""Lets asynchronous tests wait for Leanplum while their own event loop goes on.

The calls of `leanplum` itself keep the thread that makes them. An application that shares something
with the loop of the test would wait for it, and it for the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mockserver.core.errors import InvalidValue
from mockserver.testing.awaited import AskedCall, noted

if TYPE_CHECKING:
    from pathlib import Path

    from mockserver.core.playing import Played
    from mockserver.delivery.history import DeliveryHistory, Triggered
    from mockserver.testing.partner import Partner
    from mockserver.time.advance import Advance

_Result = TypeVar("_Result")


class Sending(Protocol):
    """The calls of `Leanplum` that send postbacks, and where those go."""

    @property
    def partners(self) -> list[Partner]:
        """Return the applications that postbacks are delivered to."""

    @property
    def trigger(self) -> Callable[..., Triggered]:
        """Return what lets an event happen."""

    @property
    def advance(self) -> Callable[..., Advance]:
        """Return what moves the clock."""

    @property
    def advance_to_next(self) -> Callable[[], Advance]:
        """Return what moves the clock to the next due instant."""

    @property
    def run_until_idle(self) -> Callable[[], Advance]:
        """Return what moves the clock until nothing is pending."""

    @property
    def settle(self) -> Callable[[], None]:
        """Return what makes what became due."""

    @property
    def settle_background(self) -> Callable[[float], None]:
        """Return what waits for what applications have started."""

    @property
    def play(self) -> Callable[..., Played]:
        """Return what plays a scenario."""

    @property
    def resend(self) -> Callable[[DeliveryHistory | int], DeliveryHistory]:
        """Return what makes one attempt outside the schedule."""


class LeanplumAio:
    """The calls of `leanplum` that send postbacks, to be awaited; made by `Leanplum.aio`.

    ASGI applications run on the loop of whoever awaits them from the first such call on. Those of
    WSGI run in a thread, as under a server.

    Args:
        leanplum: Whose calls they are.
        asked_calls: Keeps those that were not begun yet.
    """

    def __init__(self, leanplum: Sending, asked_calls: list[AskedCall]) -> None:
        self._leanplum = leanplum
        self.asked_calls: list[AskedCall] = asked_calls

    @noted
    async def trigger(self, name: Any, **values: Any) -> Triggered:
        """Let an event happen; see `Leanplum.trigger`."""
        return await self._run(lambda: self._leanplum.trigger(name, **values))

    @noted
    async def advance(
        self, by: timedelta | str | None = None, *, to: datetime | None = None, **units: Any
    ) -> Advance:
        """Move the clock, e.g. `await leanplum.aio.advance(hours=10)`; see `Leanplum.advance`."""
        return await self._run(lambda: self._leanplum.advance(by, to=to, **units))

    @noted
    async def advance_to_next(self) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        return await self._run(self._leanplum.advance_to_next)

    @noted
    async def run_until_idle(self) -> Advance:
        """Move the clock until nothing is pending any more."""
        return await self._run(self._leanplum.run_until_idle)

    @noted
    async def settle(self) -> None:
        """Make what became due while somebody else moved the time."""
        await self._run(self._leanplum.settle)

    @noted
    async def resend(self, delivery: DeliveryHistory | int) -> DeliveryHistory:
        """Make one attempt of a delivery now, outside the schedule."""
        return await self._run(lambda: self._leanplum.resend(delivery))

    @noted
    async def play(self, path: str | Path, *, times: int = 1) -> Played:
        """Play the scenario in a file and check it; see `Leanplum.play`."""
        __tracebackhide__ = True
        return await self._run(lambda: self._leanplum.play(path, times=times))

    @noted
    async def settle_background(self, timeout: float = 5.0) -> None:
        """Wait for what applications have started while they answered; the loop goes on.

        Args:
            timeout: How long, in real seconds.

        Raises:
            AssertionError: Something of it goes on after that.
        """
        __tracebackhide__ = True
        # Not `_run`: an application that runs elsewhere stays there, with what it has started. And
        # not in the loop's own threads: those are at work as long as somebody waits in them.
        pool = ThreadPoolExecutor(1, "postbacks-aio")
        try:
            call = partial(copy_context().run, self._leanplum.settle_background, timeout)
            await _running_loop().run_in_executor(pool, call)
        finally:
            pool.shutdown(wait=False)

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        loop = _running_loop()
        for application in self._leanplum.partners:
            application.transport.use_loop(loop)
        return await asyncio.to_thread(call)


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise InvalidValue(
            "leanplum.aio is awaited on an event loop of asyncio, and none runs here; on trio "
            "call leanplum itself: leanplum.trigger(...), or in a thread, "
            "await trio.to_thread.run_sync(leanplum.run_until_idle)"
        ) from None
