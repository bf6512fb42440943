"""Runs an ASGI application on the event loop of a test, with what else runs there.

An application may share a lock, a pool or a server with its test. Those belong to one loop.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from mockserver.core.errors import InvalidValue
from mockserver.core.outcome import OutcomeKind
from mockserver.transport.application.asgi_lifespan import Lifespan
from mockserver.transport.application.asgi_messages import AsgiApplication, converse
from mockserver.transport.application.exchange import ApplicationExchange
from mockserver.transport.application.failed_tasks import FailedTasks
from mockserver.transport.application.request import ApplicationRequest
from mockserver.transport.application.sender_thread import Prepare
from mockserver.transport.application.started_tasks import answers_for, started_for


class GuestServer:
    """An application on a loop that somebody else runs.

    Args:
        app: The application.
        loop: The loop, which goes on while postbacks are sent from another thread.
        tasks: Hears of what its tasks raise.

    Attributes:
        loop: As given.
        shutdown_failure: What went wrong while the application shut down.
        interrupt: A `KeyboardInterrupt` that the application raised.
    """

    def __init__(
        self, app: AsgiApplication, loop: asyncio.AbstractEventLoop, tasks: FailedTasks
    ) -> None:
        self.loop = loop
        self.shutdown_failure: BaseException | None = None
        self.interrupt: KeyboardInterrupt | None = None
        self._app = app
        self._lifespan = Lifespan(app)
        self._startup: asyncio.Future[BaseException | None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._stop_watching = tasks.watch_answers(loop)

    def submit(
        self, request: ApplicationRequest, exchange: ApplicationExchange, prepare: Prepare
    ) -> Future[None]:
        """Begin to answer `request`.

        Raises:
            InvalidValue: The loop does not go on meanwhile, so nothing would ever be answered.
        """
        if running_loop() is self.loop:
            raise InvalidValue(
                "the application runs on the event loop of this test, which would wait here for "
                "itself; await the call: await leanplum.aio.trigger(...), .advance(...), ..."
            )
        if not self.loop.is_running():
            raise InvalidValue(
                "the application runs on the event loop of a test, which has ended or stands still"
            )
        return asyncio.run_coroutine_threadsafe(self._answer(request, exchange, prepare), self.loop)

    def tasks_beside(self) -> list[str]:
        """Return the tasks that the application has started while it answered, by name.

        Raises:
            InvalidValue: There are some, and they stand still for as long as the caller waits.
        """
        names = self._started()
        if names and running_loop() is self.loop:
            raise InvalidValue(
                f"{' and '.join(names)} of the application cannot go on, because the event loop of "
                "this test would wait here for itself; await leanplum.aio.settle_background()"
            )
        if names and not self.loop.is_running() and running_loop() is None:
            # Nobody else lets it go on.
            self.loop.run_until_complete(asyncio.sleep(0))
        return names

    def works_beside(self) -> bool:
        """Return whether there are such tasks."""
        return bool(self._started())

    def _started(self) -> list[str]:
        return started_for(self, self.loop, tuple(self._answering))

    def stop(self) -> None:
        """Shut the application down, if its loop can still run."""
        self._stop_watching()
        startup = self._startup
        if startup is None or not startup.done() or startup.cancelled() or self.loop.is_closed():
            return
        if startup.result() is not None:
            return
        if not self.loop.is_running():
            self.shutdown_failure = self.loop.run_until_complete(self._lifespan.stop())
        elif running_loop() is not self.loop:
            stopped = asyncio.run_coroutine_threadsafe(self._lifespan.stop(), self.loop)
            self.shutdown_failure = stopped.result()

    async def _answer(
        self, request: ApplicationRequest, exchange: ApplicationExchange, prepare: Prepare
    ) -> None:
        if self._startup is None:
            self._startup = asyncio.ensure_future(self._lifespan.start())
        failure = await asyncio.shield(self._startup)
        if failure is not None:
            exchange.fail(failure, OutcomeKind.REFUSED)
            return
        task = asyncio.current_task()
        assert task is not None, "a coroutine of a loop runs in a task"
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        prepare()
        answers_for(self)
        interrupt = await converse(self._app, request, self._lifespan.state, exchange)
        self.interrupt = interrupt or self.interrupt


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that this thread runs, which stands while the thread waits."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
