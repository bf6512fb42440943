"""Catches the exceptions that Flask and Django answer themselves, for those who test a view.

Both make a 500 of what a view raises, so a server sees nothing else. But they send a signal, too.
The frameworks are not imported here, only looked for among what is imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

#: The attempt that the running code answers, in any thread: every receiver gets every signal.
_ATTEMPT: ContextVar[object] = ContextVar("attempt", default=None)


@contextmanager
def caught_by_frameworks(on_error: Callable[[BaseException], None]) -> Iterator[None]:
    """Call `on_error` with each exception that Flask or Django catch while the block runs.

    Those of other threads count as well, if they run in a copy of the block's context.
    """
    attempt = object()

    # Flask passes the exception on; Django does not.
    def take(sender: object, exception: BaseException | None = None, **_: Any) -> None:
        error = sys.exc_info()[1] if exception is None else exception
        if error is not None and _ATTEMPT.get() is attempt:
            on_error(error)

    token = _ATTEMPT.set(attempt)
    with ExitStack() as stack:
        stack.callback(_ATTEMPT.reset, token)
        for module in ("flask.signals", "django.core.signals"):
            signal = getattr(sys.modules.get(module), "got_request_exception", None)
            if signal is not None:
                signal.connect(take, weak=False)
                stack.callback(signal.disconnect, take)
        yield
