"""Hears of calls that an application gives to a pool while it answers, and that fail unnoticed.

A pool keeps what a call raised until somebody asks for it. If nobody ever does, it is lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from mockserver.core.models import DueAttempt

#: The attempt that the running code answers.
ANSWERED: ContextVar[DueAttempt | None] = ContextVar("answered", default=None)

_POOLS = (
    ("concurrent.futures.thread", "ThreadPoolExecutor"),
    ("concurrent.futures.process", "ProcessPoolExecutor"),
)
_replacing = Lock()


class _Asked(Future[Any]):
    """A future that knows whether anybody has asked what became of it.

    Attributes:
        is_asked: Whether somebody has.
        to_call: How many of its callbacks have not returned.
        raised: What they have raised, which a pool only logs.
    """

    is_asked = False
    to_call = 0
    raised: tuple[BaseException, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing of it goes on."""
        return self.done() and not self.to_call

    def add_done_callback(self, callback: Callable[[Future[Any]], object]) -> None:
        # It gets the future, and must not hold it: the future holds it.
        def called(future: Any) -> None:
            try:
                callback(future)
            except Exception as error:
                future.raised += (error,)
                raise
            finally:
                future.to_call -= 1

        self.to_call += 1
        super().add_done_callback(called)

    def result(self, timeout: float | None = None) -> Any:
        self.is_asked = True
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self.is_asked = True
        return super().exception(timeout)


class StartedCalls:
    """The calls that one application has given to pools, and that have not ended well yet."""

    def __init__(self) -> None:
        self._calls: list[tuple[DueAttempt, str, _Asked]] = []

    @contextmanager
    def heard(self, attempt: DueAttempt) -> Iterator[None]:
        """Take note of what is given to pools while the application answers `attempt`."""
        # asyncio and whoever asks for a pool of threads import it; many applications need neither.
        pools = [
            pool
            for module, name in _POOLS
            if (pool := getattr(sys.modules.get(module), name, None)) is not None
        ]
        token = ANSWERED.set(attempt)
        ends = [self._listen(pool, attempt) for pool in pools]
        try:
            yield
        finally:
            for end in reversed(ends):
                end()
            ANSWERED.reset(token)

    def under_way(self) -> list[str]:
        """Return the calls that go on, by name."""
        return [f"call of {name}" for _, name, future in tuple(self._calls) if not future.is_over]

    def take_lost(self) -> list[tuple[DueAttempt, BaseException]]:
        """Return what calls have raised that nobody has asked for, each once."""
        found: list[tuple[DueAttempt, BaseException]] = []
        going_on = []
        for each in tuple(self._calls):
            attempt, _, future = each
            is_over = future.is_over
            told, future.raised = future.raised, ()
            found += [(attempt, error) for error in told]
            if not is_over:
                going_on.append(each)
            elif not future.is_asked and not future.cancelled():
                error = future.exception()
                if error is not None:
                    found.append((attempt, error))
        self._calls = going_on
        return found

    def _listen(self, pool: Any, attempt: DueAttempt) -> Callable[[], None]:
        """Replace `submit` of a class of pools; return what puts it back."""
        submit = pool.submit
        is_listening = True

        def submit_heard(executor: Any, function: Any, /, *given: Any, **named: Any) -> Any:
            future = submit(executor, function, *given, **named)
            is_of_attempt = is_listening and ANSWERED.get() is attempt
            if is_of_attempt and type(future) is Future:
                future.__class__ = _Asked
                name = getattr(function, "__qualname__", None) or repr(function)
                self._calls.append((attempt, name, future))  # type: ignore[arg-type]
            return future

        def end() -> None:
            nonlocal is_listening
            is_listening = False
            with _replacing:
                # If somebody else has replaced it meanwhile, this stays, and only passes on.
                if pool.submit is submit_heard:
                    pool.submit = submit

        with _replacing:
            pool.submit = submit_heard
        return end
