"""Tells threads of a pool that wait for work from those that are at work.

Applications hand work to pools (`asyncio.to_thread`, `ThreadPoolExecutor`, the routes of Starlette
that are no coroutines). The threads of a pool stay when the work is done.
"""

from __future__ import annotations

import sys
from concurrent.futures import thread as pools
from itertools import takewhile
from queue import Queue
from threading import Condition, Thread
from types import CodeType, FrameType

_POOL_CODE = pools._worker.__code__  # noqa: SLF001
_WAITING_CODE = frozenset({Queue.get.__code__, Condition.wait.__code__})
#: What runs in threads that wait for work: the module, the class, the method.
_WORKERS = (
    ("anyio._backends._asyncio", "WorkerThread", "run"),
    # Hands on what is given to a process, as it comes.
    ("multiprocessing.queues", "Queue", "_feed"),
)


def waits_for_work(thread: Thread) -> bool:
    """Return whether a thread belongs to a pool, and has nothing to do.

    A thread that has just been given work may still seem to wait. It goes on as soon as the
    calling thread pauses, so who wants to be sure looks twice.
    """
    manager = getattr(sys.modules.get("concurrent.futures.process"), "_ExecutorManagerThread", None)
    if manager is not None and isinstance(thread, manager):
        # Works as long as one of the calls that its pool was given.
        return True
    # The only way to see what a thread does; pools do not tell.
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001
    if frame is None:
        return False
    if frame.f_code is _POOL_CODE:
        seen = frame.f_locals
        return seen.get("work_item") is None and _is_empty(seen.get("work_queue"))
    return _waits_in_a_worker(frame)


def _waits_in_a_worker(innermost: FrameType) -> bool:
    codes = {_code_of(*each) for each in _WORKERS}
    frames = []
    frame: FrameType | None = innermost
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    waiting = list(takewhile(lambda each: each.f_code in _WAITING_CODE, frames))
    after = frames[len(waiting) : len(waiting) + 1]
    return bool(waiting) and bool(after) and after[0].f_code in codes


def _code_of(module: str, kind: str, method: str) -> CodeType | None:
    found = getattr(getattr(sys.modules.get(module), kind, None), method, None)
    return getattr(found, "__code__", None)


def _is_empty(queue: object) -> bool:
    empty = getattr(queue, "empty", None)
    return empty is None or bool(empty())
