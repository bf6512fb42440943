"""Calls an ASGI application for every attempt, on an event loop of its own.

The loop has a thread of its own, because a test may itself run on a loop, which cannot wait for
another one. It keeps real time, also while somebody has frozen it: else `sleep` would never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.net.real_time_loop import RealTimeLoop
from mockserver.transport.application.asgi_guest import GuestServer, running_loop
from mockserver.transport.application.asgi_lifespan import Lifespan
from mockserver.transport.application.asgi_messages import AsgiApplication, converse
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.exchange import ApplicationExchange
from mockserver.transport.application.failed_tasks import FailedTasks
from mockserver.transport.application.failure import (
    ApplicationFailure,
    BrokenApplication,
    traceback_of,
)
from mockserver.transport.application.request import ApplicationRequest
from mockserver.transport.application.sender_thread import Prepare, as_it_is, wait_in_thread
from mockserver.transport.application.started_tasks import answers_for, started_for

#: So much later than its timeout an attempt is ended, in real time.
_MORE_REAL_SECONDS = 0.05
_AWAIT_INSTEAD = (
    "Perhaps it waits for something of this test's event loop, which waits here: await the call, "
    "e.g. await leanplum.aio.trigger(...)"
)


class AsgiTransport(ApplicationTransport):
    """Sends postbacks to an ASGI application; see `application_transport`.

    The application starts up before the first attempt and shuts down at `close`. An attempt
    after that starts it again.
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
        self._server: _Server | GuestServer | None = None
        self._opening = Lock()
        self._beside = _Beside(on_failure)
        self._tasks = FailedTasks(self._beside.tell_callback)

    def close(self) -> None:
        """Cancel what is under way, let the application shut down, and end its thread."""
        with self._opening:
            server, self._server = self._server, None
        if server is None:
            return
        server.stop()
        if server.shutdown_failure is not None:
            self._beside.tell(None, server.shutdown_failure, "its shutdown")
        self.look()

    def look(self) -> None:
        """Tell what was raised in the background meanwhile, and nobody has asked for."""
        super().look()
        server = self._server
        # Who still works may ask for it yet.
        if server is None or not server.works_beside():
            for attempt, error in self._tasks.take_lost():
                self._beside.tell(attempt, error, "a task that it started")

    def still_working(self) -> list[str]:
        """Return the threads and the tasks that the application has started and that go on."""
        server = self._server
        if isinstance(server, _Server):
            self._threads.discard(server.thread)
        tasks = [] if server is None else server.tasks_beside()
        return super().still_working() + tasks

    def use_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the application on a loop of somebody else from now on.

        One that runs already, on a loop of its own, is shut down and starts again.
        """
        with self._opening:
            server = self._server
            if isinstance(server, GuestServer) and server.loop is loop:
                return
            self._server = GuestServer(self._app, loop, self._tasks)
        if server is not None:
            server.stop()

    def _answer(
        self, attempt: DueAttempt, request: ApplicationRequest, exchange: ApplicationExchange
    ) -> None:
        begun: list[Future[None]] = []
        with self._opening:
            if self._server is None:
                self._server = _Server(self._app, self._tasks)
            server = self._server
            self._beside.last = attempt
            if isinstance(server, GuestServer):
                self._tasks.answers(attempt)

        def begin(prepare: Prepare) -> Future[None]:
            with self._opening:
                if self._server is not server:
                    # It was closed meanwhile, and would never begin.
                    raise CancelledError
                begun.append(server.submit(request, exchange, prepare))
            return begun[-1]

        try:
            # By then it has timed out, also where its head was sent and its body never ends.
            limit = self._timeout_of(attempt).total_seconds() + _MORE_REAL_SECONDS
            if isinstance(server, _Server):
                wait_in_thread(begin, limit)
            else:
                # With what its test hands to other threads, as on one loop anywhere.
                begin(as_it_is).result(limit)
        except TimeoutError:
            _cancel(begun)
            if running_loop() is not None:
                exchange.advice = _AWAIT_INSTEAD
        except CancelledError:
            stopped = BrokenApplication("the application was stopped before it had answered")
            exchange.fail(stopped, OutcomeKind.RESET)
            # The application did not cause this.
            exchange.failure = None
        except BaseException:
            _cancel(begun)
            raise
        interrupt, server.interrupt = server.interrupt, None
        if interrupt is not None:
            raise interrupt


class _Beside:
    """Tells what was raised beside the answering.

    Attributes:
        last: The attempt that was begun last.
    """

    def __init__(self, on_failure: Callable[[ApplicationFailure], None]) -> None:
        self.last: DueAttempt | None = None
        self._on_failure = on_failure

    def tell(self, attempt: DueAttempt | None, error: BaseException, place: str) -> None:
        # What began at the startup belongs to no attempt: the last one is the nearest.
        attempt = attempt or self.last
        if attempt is not None:
            self._on_failure(ApplicationFailure(attempt, error, traceback_of(error), place))

    def tell_callback(self, error: BaseException) -> None:
        self.tell(None, error, "a callback")


def _cancel(begun: list[Future[None]]) -> None:
    for each in begun:
        each.cancel()


class _Server:
    """The thread and the loop on which an application runs, from its startup to its shutdown.

    Attributes:
        shutdown_failure: What went wrong while the application shut down.
        interrupt: A `KeyboardInterrupt` that the application raised. The thread that sends
            raises it again.
        thread: What the loop runs in.
    """

    def __init__(self, app: AsgiApplication, tasks: FailedTasks) -> None:
        self.shutdown_failure: BaseException | None = None
        self.interrupt: KeyboardInterrupt | None = None
        self._app = app
        self._lifespan = Lifespan(app)
        self._loop = RealTimeLoop()
        tasks.watch(self._loop)
        self._started = asyncio.Event()
        self._startup_failure: BaseException | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._serving = self._loop.create_task(self._serve())
        # A sandbox that nobody closes must not keep the process from ending.
        self.thread = Thread(target=self._run, name="postbacks-asgi", daemon=True)
        self.thread.start()

    def submit(
        self, request: ApplicationRequest, exchange: ApplicationExchange, prepare: Prepare
    ) -> Future[None]:
        """Begin to answer `request`; the context variables are those of the caller."""
        return asyncio.run_coroutine_threadsafe(
            self._answer(request, exchange, prepare), self._loop
        )

    def tasks_beside(self) -> list[str]:
        """Return the tasks that the application has started while it answered, by name."""
        return started_for(self, self._loop, tuple(self._answering))

    def works_beside(self) -> bool:
        """Return whether there are such tasks."""
        return bool(self.tasks_beside())

    def stop(self) -> None:
        """Cancel what is under way, shut down, and wait for the end of the thread."""
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self.thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            loop = runner.get_loop()
            while not self._serving.done():
                try:
                    loop.run_until_complete(self._serving)
                except (KeyboardInterrupt, SystemExit) as error:
                    # A task raised it, which ended the loop; the other tasks have to go on.
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

    async def _answer(
        self, request: ApplicationRequest, exchange: ApplicationExchange, prepare: Prepare
    ) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine of a loop runs in a task"
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        await self._started.wait()
        if self._startup_failure is not None:
            exchange.fail(self._startup_failure, OutcomeKind.REFUSED)
            return
        prepare()
        answers_for(self)
        interrupt = await converse(self._app, request, self._lifespan.state, exchange)
        self.interrupt = interrupt or self.interrupt

    def _keep_interrupt(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.interrupt = error
