"""Hears of what tasks and callbacks raise that an ASGI application starts, and nobody asks about.

asyncio logs such an exception when the task is thrown away, or never; the test would not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from mockserver.core.models import DueAttempt
from mockserver.transport.application.started_calls import ANSWERED


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

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of what runs on a loop from now on."""

        def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> Any:
            task = asyncio.Task(coroutine, loop=loop, **named)
            with self._changing:
                self._started[task] = ANSWERED.get()
            task.add_done_callback(self._ended)
            return task

        loop.set_task_factory(make)
        loop.set_exception_handler(self._handle)

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


def _is_unasked(task: asyncio.Task[Any]) -> bool:
    """Return whether a task has failed, and nobody has asked for its exception yet."""
    return bool(getattr(task, "_log_traceback", False))
