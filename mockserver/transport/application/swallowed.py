"""Hears of exceptions that a framework answers itself and only writes down, for those who test.

Bottle, Falcon, CherryPy, web.py and many others make a 500 of what a view raises, and send no
signal. But they write its traceback somewhere: by `logging`, or with `traceback`. Who caught an
exception is seen in its own traceback, which begins there. What code of the application has caught
is its own affair, and so is what a library has that it called.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from types import FrameType
from typing import Any, TextIO

from mockserver.transport.application.failure import is_own_file, is_package_file

#: The attempt that the running code answers, in any thread.
_ATTEMPT: ContextVar[object] = ContextVar("attempt_writing", default=None)
_patching = Lock()

_BEGINNING = "Traceback (most recent call last)"
_KEPT_CHARACTERS = 20_000


class WrittenException(RuntimeError):
    """An exception of which only the text is known that an application has written down."""


@contextmanager
def written_down(on_error: Callable[[BaseException], None]) -> Iterator[None]:
    """Call `on_error` with what a framework catches and writes down while the block runs.

    In other threads as well, if they run in a copy of the block's context.
    """
    attempt = object()

    def look(error: object) -> None:
        if (
            isinstance(error, BaseException)
            and _ATTEMPT.get() is attempt
            and _was_caught_for(error, sys._getframe(2))  # noqa: SLF001 (there is no other way)
        ):
            on_error(error)

    def handle(logger: logging.Logger, record: logging.LogRecord) -> Any:
        if record.levelno >= logging.ERROR and record.exc_info:
            look(record.exc_info[1])
        return before_handle(logger, record)

    def begin(
        text: traceback.TracebackException, kind: Any, error: Any, *rest: Any, **more: Any
    ) -> None:
        look(error)
        before_begin(text, kind, error, *rest, **more)

    before_handle, before_begin = logging.Logger.handle, traceback.TracebackException.__init__
    token = _ATTEMPT.set(attempt)
    with _patching:
        setattr(logging.Logger, "handle", handle)  # noqa: B010
        setattr(traceback.TracebackException, "__init__", begin)  # noqa: B010
    try:
        yield
    finally:
        _ATTEMPT.reset(token)
        with _patching:
            # If somebody else has replaced them meanwhile, they stay, and do nothing any more.
            if logging.Logger.handle is handle:
                setattr(logging.Logger, "handle", before_handle)  # noqa: B010
            if traceback.TracebackException.__init__ is begin:
                setattr(traceback.TracebackException, "__init__", before_begin)  # noqa: B010


class ErrorStream:
    """The `wsgi.errors` of an attempt: a traceback there is for whoever runs the server.

    Args:
        stream: Where it all goes.
        on_error: Called with each exception whose traceback is written.
    """

    def __init__(self, stream: TextIO, on_error: Callable[[BaseException], None]) -> None:
        self._stream = stream
        self._on_error = on_error
        self._text = ""
        self._is_known = False

    def write(self, text: str) -> object:
        """Write some text, and look whether an exception is handled meanwhile."""
        if _BEGINNING in text:
            error = sys.exc_info()[1]
            self._is_known = error is not None
            if error is not None:
                self._on_error(error)
        if not self._is_known and len(self._text) < _KEPT_CHARACTERS:
            self._text += text
        return self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is waiting to be written."""
        self._stream.flush()

    def end(self) -> None:
        """Tell of a traceback whose exception was not there any more when it was written."""
        if _BEGINNING in self._text and not self._is_known:
            written = self._text[self._text.index(_BEGINNING) :].rstrip()
            self._on_error(WrittenException(f"this was written to wsgi.errors:\n{written}"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _was_caught_for(error: BaseException, writer: FrameType) -> bool:
    """Return whether a framework has caught an exception that the application raised.

    Args:
        error: The exception, while its traceback is written.
        writer: The frame that has it written.
    """
    if error.__traceback__ is None:
        return False
    catcher = error.__traceback__.tb_frame
    if _is_own(catcher) or is_package_file(catcher.f_code.co_filename):
        return False
    if _is_a_way_to_answer(error, catcher):
        return False
    raised = traceback.walk_tb(error.__traceback__.tb_next)
    if any(_is_own(frame) for frame, _ in raised):
        return True
    # Nothing of the application was called, or a library that it called has caught this.
    frame: FrameType | None = writer
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and is_package_file(file):
            # From here the application was called; the way of a record leads through this file.
            return True
        if is_own_file(file):
            return False
        frame = frame.f_back
    return True


def _is_a_way_to_answer(error: BaseException, catcher: FrameType) -> bool:
    """Return whether this is `HTTPError` or the like, of the framework that catches it."""
    framework = str(catcher.f_globals.get("__name__")).partition(".")[0]
    return any(each.__module__.partition(".")[0] == framework for each in type(error).__mro__)


def _is_own(frame: FrameType) -> bool:
    return is_own_file(frame.f_code.co_filename)
