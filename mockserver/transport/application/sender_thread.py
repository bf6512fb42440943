"""Lets synchronous code of asynchronous applications run in the thread that sends postbacks.

Django calls synchronous views, its ORM and its middleware through asgiref, in one thread for all of
them. What a test keeps in its own thread, like the database connection of its transaction, is there
only if that is the thread of the test.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import Empty, SimpleQueue
from threading import Condition, Lock
from typing import Any

from mockserver.net.monotonic import real_seconds

#: Called in the task that answers, before anything of the application runs there.
Prepare = Callable[[], None]


def wait_in_thread(begin: Callable[[Prepare], Future[None]], limit_real_seconds: float) -> None:
    """Begin something on an event loop of another thread, and wait for its end.

    What it hands to asgiref's synchronous thread meanwhile runs in this one.

    Args:
        begin: Begins it; what it is given is to be called in the task that it begins.
        limit_real_seconds: How long to wait.

    Raises:
        TimeoutError: It goes on after that.
        BaseException: What came of it.
    """
    asgiref = sys.modules.get("asgiref.sync")
    if asgiref is None or _has_loop():
        begin(as_it_is).result(limit_real_seconds)
        return
    executors = asgiref.AsyncToSync.executors
    sender = _SenderThread(asgiref.SyncToAsync.single_thread_executor)
    sender.run_until(begin(partial(setattr, executors, "current", sender)), limit_real_seconds)


def as_it_is() -> None:
    """Prepare nothing."""


class _SenderThread(Executor):
    """Runs work in the thread that sends, and in that of asgiref once it waits no more.

    Args:
        afterwards: Runs what tasks of the application have to do after the answer.
    """

    # What asgiref looks for in an executor of its own that stands above another: this one has
    # quit by the time that the other has.
    _old_executor = None
    _broken = True

    def __init__(self, afterwards: Executor) -> None:
        self._afterwards = afterwards
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._changing = Lock()
        self._is_over = False
        self._work_ready = Condition()

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have some work done."""
        call = partial(function, *arguments, **named)
        with self._changing:
            if not self._is_over:
                future: Future[Any] = Future()
                self._work.put(partial(_run, future, call))
                return future
        return self._afterwards.submit(call)

    def run_until(self, awaited: Future[None], limit_real_seconds: float) -> None:
        """Do the work that comes until something has ended.

        Raises:
            TimeoutError: It goes on after so long.
            BaseException: What came of it.
        """
        give_up = real_seconds() + limit_real_seconds
        awaited.add_done_callback(lambda _: self._work.put(None))
        try:
            while not awaited.done():
                left = max(give_up - real_seconds(), 0)
                try:
                    work = self._work.get(timeout=left)
                except Empty:
                    raise TimeoutError from None
                if work is not None:
                    work()
        finally:
            self._quit()
        awaited.result()

    def _quit(self) -> None:
        with self._changing:
            self._is_over = True
        while not self._work.empty():
            work = self._work.get()
            if work is not None:
                self._afterwards.submit(work)


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _has_loop() -> bool:
    """Return whether this thread runs an event loop, which would stand while it waits."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
