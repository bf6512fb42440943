"""Hears of what tasks and callbacks raise that an ASGI application starts, and nobody asks about.

asyncio logs such an exception when the task is thrown away, or never; the test would not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from mockserver.core.models import DueAttempt
from mockserver.transport.application.started_calls import ANSWERED


class _AnsweredFuture(asyncio.Future[Any]):
    """A future that an answer has made on a loop of somebody else.

    Attributes:
        attempt: What was answered.
    """

    attempt: DueAttempt | None = None


class FailedTasks:
    """The tasks of one application, as far as they have failed.

    Args:
        on_error: Called, in the thread of the loop, with what a callback raised.
    """

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._changing = Lock()
        #: Those that go on are nobody's to keep: asyncio throws them away as it does elsewhere.
        self._started: WeakKeyDictionary[asyncio.Task[Any], DueAttempt | None] = WeakKeyDictionary()
        self._failed: dict[asyncio.Task[Any], DueAttempt | None] = {}
        #: What was answered on a loop of somebody else, by identity: others answer there, too.
        self._answered: dict[int, DueAttempt] = {}

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of what runs on a loop from now on."""

        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> Any:
            task = _plain_task(loop, coroutine, **named)
            self._begun(task, ANSWERED.get())
            return task

        loop.set_task_factory(make)
        loop.set_exception_handler(self._handle)

    def answers(self, attempt: DueAttempt) -> None:
        """Take note of who begins what is heard of on a loop of somebody else."""
        self._answered[id(attempt)] = attempt

    def watch_answers(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Hear of what answers begin on a loop of somebody else; return what ends that.

        What else runs there is somebody else's affair, and goes on as it did.
        """
        make_before, handle_before = loop.get_task_factory(), loop.get_exception_handler()
        create_future = loop.create_future
        is_over = False

        def create() -> asyncio.Future[Any]:
            attempt = ANSWERED.get()
            if is_over or id(attempt) not in self._answered:
                return create_future()
            future = _AnsweredFuture(loop=loop)
            future.attempt = attempt
            return future

        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> Any:
            maker: Any = make_before or _plain_task
            task = maker(loop, coroutine, **named)
            attempt = ANSWERED.get()
            if not is_over and id(attempt) in self._answered:
                self._begun(task, attempt)
            return task

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if handle_before is None:
                loop.default_exception_handler(context)
            else:
                handle_before(loop, context)
            error = context.get("exception")
            begun_in = getattr(context.get("handle"), "_context", {})
            attempt = getattr(context.get("future"), "attempt", None) or begun_in.get(ANSWERED)
            if isinstance(error, BaseException) and id(attempt) in self._answered:
                self._on_error(error)

        def end() -> None:
            nonlocal is_over
            is_over = True
            # If somebody else has replaced it meanwhile, this stays, and only passes on.
            if loop.get_task_factory() is make:
                loop.set_task_factory(make_before)
            if loop.get_exception_handler() is handle:
                loop.set_exception_handler(handle_before)
            if vars(loop).get("create_future") is create:
                del loop.create_future

        # Loops that are not Python, like uvloop's, have no place for it.
        with suppress(AttributeError, TypeError):
            vars(loop)["create_future"] = create
        loop.set_task_factory(make)
        loop.set_exception_handler(handle)
        return end

    def take_lost(self) -> list[tuple[DueAttempt | None, BaseException]]:
        """Return what tasks have raised that nobody has asked for, each once."""
        with self._changing:
            # Of one that has just ended the callback may not have been called yet.
            ended = {task: each for task, each in self._started.items() if task.done()}
            failed, self._failed = self._failed | ended, {}
        found = []
        for task, attempt in failed.items():
            error = task.exception() if _is_unasked(task) else None
            if error is not None:
                found.append((attempt, error))
        return found

    def _begun(self, task: asyncio.Task[Any], attempt: DueAttempt | None) -> None:
        with self._changing:
            self._started[task] = attempt
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        with self._changing:
            attempt = self._started.pop(task, None)
            # Whoever waits for it may ask only later.
            if _is_unasked(task):
                self._failed[task] = attempt

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        loop.default_exception_handler(context)
        if isinstance(error, BaseException):
            self._on_error(error)


def _plain_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> asyncio.Task[Any]:
    return asyncio.Task(coroutine, loop=loop, **named)


def _is_unasked(task: asyncio.Task[Any]) -> bool:
    """Return whether a task has failed, and nobody has asked for its exception yet."""
    return bool(getattr(task, "_log_traceback", False))
