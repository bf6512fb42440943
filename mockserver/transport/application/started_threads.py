"""Hears of what is raised in threads that an application starts while it answers.

Python prints such an exception and goes on; the test would never know.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_starting = threading.Lock()

#: What starts threads for others.
_BETWEEN = frozenset({"threading", "waitress"})


@contextmanager
def heard_from_threads(
    on_error: Callable[[BaseException], None],
    on_start: Callable[[threading.Thread], object] = lambda thread: None,
) -> Iterator[None]:
    """Call `on_error`, in their threads, with what threads raise that are started meanwhile.

    However long they run. What Python or pytest do about such an exception is done as well.

    Args:
        on_error: Called with what was raised.
        on_start: Called with each thread that is started, but by this package: the server that
            answers calls to Leanplum starts with the first of them, and is no application's.
    """
    start = threading.Thread.start
    is_listening = True

    def start_heard(thread: threading.Thread) -> None:
        if not is_listening:
            return start(thread)
        run = thread.run
        is_own = "run" in vars(thread)

        def run_heard(*arguments: Any) -> None:
            try:
                run(*arguments)
            except SystemExit:
                # The usual way to end a thread.
                raise
            except BaseException as error:
                on_error(error)
                raise
            finally:
                # What stays would hold the thread, and the thread it.
                if is_own:
                    thread.run = run  # type: ignore[method-assign]
                else:
                    vars(thread).pop("run", None)

        thread.run = run_heard  # type: ignore[method-assign]
        if not _is_ours(sys._getframe(1)):  # noqa: SLF001 (documented)
            on_start(thread)
        return start(thread)

    with _starting:
        # Not `setattr` by habit: the stubs know `start` with one argument more.
        setattr(threading.Thread, "start", start_heard)  # noqa: B010
    try:
        yield
    finally:
        is_listening = False
        with _starting:
            # If somebody else has replaced it meanwhile, this stays, and does nothing any more.
            if threading.Thread.start is start_heard:
                setattr(threading.Thread, "start", start)  # noqa: B010


def _is_ours(frame: FrameType | None) -> bool:
    """Return whether this package starts the thread, and not an application that it has called."""
    package = ""
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _BETWEEN:
            break
        frame = frame.f_back
    return package == __name__.partition(".")[0]
