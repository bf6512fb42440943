"""Tells the tasks that an application starts while it answers from all others of an event loop.

Other tasks are those of a test, of the application's startup, and the answers themselves.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Collection
from contextvars import Context, ContextVar

#: Whose answer the running code belongs to. What it starts, and what that starts, gets a copy.
_ANSWERS_FOR: ContextVar[object] = ContextVar("answers_for", default=None)


def answers_for(owner: object) -> None:
    """Let the tasks that the running one starts from now on be those of `owner`."""
    _ANSWERS_FOR.set(owner)


def started_for(
    owner: object, loop: asyncio.AbstractEventLoop, besides: Collection[asyncio.Task[None]]
) -> list[str]:
    """Return the names of the tasks of `owner` that go on; may be called from any thread.

    Args:
        owner: Whose they are, see `answers_for`.
        loop: Where they run.
        besides: Tasks that do not count.
    """
    if loop.is_closed():
        return []
    try:
        tasks = asyncio.all_tasks(loop)
    except RuntimeError:
        # The loop was adding one meanwhile.
        return ["a task"]
    return [
        f"task {each.get_name()!r}"
        for each in tasks - set(besides)
        if _context_of(each).get(_ANSWERS_FOR) is owner
    ]


def _context_of(task: asyncio.Task[object]) -> Context:
    known = getattr(task, "get_context", None)
    if known is not None:
        context = known()
        assert isinstance(context, Context)
        return context
    # Python 3.11 does not say. The context comes first; those of callbacks come after it.
    found = (each for each in gc.get_referents(task) if isinstance(each, Context))
    return next(found, Context())
