"""Chooses the thread that answers a request: a worker, or the thread that reads all requests.

A call of Leanplum's API on a ledger in memory looks something up or writes it down and is done.
Handing it to a worker and its answer back takes longer than that, so the thread that reads it
answers it. Whatever may wait gets a worker: an advance, a look for requests, a stream,
any call that a database may keep waiting. Workers are added as they are needed, so that
nobody has to wait for those who wait. Large listings have few workers of their own: all else need
not share the processor with hundreds. Health is asked when all else waits, and needs no worker.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from mockserver.core.limits import LARGE_AT_ONCE
from mockserver.web.server.listings import is_listing
from mockserver.web.server.quick_paths import QUICK_IN_MEMORY

#: How many workers there may be. What comes then waits for the first of them.
MOST_WORKERS = 200


#: How long added workers may have nothing to do.
_SPARE_REAL_SECONDS = 2.0


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Hands requests to workers, and keeps back those that never wait.

    Args:
        threads: How many workers there are at first.
        quick_paths: The paths of calls that never wait.
    """

    def __init__(self, threads: int, quick_paths: frozenset[str] = QUICK_IN_MEMORY) -> None:
        super().__init__()
        self._quick_paths = quick_paths
        self._workers_at_first = threads
        #: Since when most of those who were added have had nothing to do, as `real_seconds` counts.
        self._spare_since: float | None = None
        self._kept_back: deque[Any] = deque()
        self._without_room: deque[Any] = deque()
        self._listings = ThreadedTaskDispatcher()
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        """Take in a connection whose first request is whole."""
        if not task.has_room():
            # No thread waits until a client reads what it has asked for before.
            self._without_room.append(task)
            return
        request = task.requests[0]
        # To refuse what is no request takes no time either.
        if request.error is not None or request.path in self._quick_paths:
            # Not answered here: the connection is locked while it hands the request over.
            self._kept_back.append(task)
        elif is_listing(request):
            # After each request a connection waits for its next turn behind all others.
            if self.threads:
                self._listings.set_thread_count(LARGE_AT_ONCE)
            self._listings.add_task(task)
        else:
            self._have_a_worker()
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the workers, and cancel what still waits for one."""
        self._listings.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))

    def _have_a_worker(self) -> None:
        """Start another worker if all have something to do."""
        with self.lock:
            running = len(self.threads) - self.stop_count
            needed = self.active_count + len(self.queue) + 1
        # Not after the end, when there are none.
        if 0 < running < needed and running < MOST_WORKERS:
            self._spare_since = None
            self.set_thread_count(running + 1)

    def end_spare_workers(self, now: float) -> None:
        """End the workers that were added when they have had nothing to do for some time.

        Args:
            now: As `real_seconds` counts.
        """
        with self.lock:
            running = len(self.threads) - self.stop_count
            busy = self.active_count + len(self.queue)
        if running <= self._workers_at_first or busy > self._workers_at_first // 2:
            self._spare_since = None
        elif self._spare_since is None:
            self._spare_since = now
        elif now - self._spare_since >= _SPARE_REAL_SECONDS:
            self._spare_since = None
            self.set_thread_count(self._workers_at_first)

    def answer_quick_ones(self) -> None:
        """Answer what was kept back; for the thread that reads, after each look at the sockets."""
        for _ in range(len(self._without_room)):
            task = self._without_room.popleft()
            if task.connected:
                self.add_task(task)
        while self._kept_back:
            task = self._kept_back.popleft()
            try:
                task.service()
                # Not with the next look at the sockets: it can be written now.
                if task.connected:
                    task.handle_write()
            except BaseException:
                # As a worker does: nothing that one request does may end the server.
                self.logger.exception("Exception when servicing %r", task)
