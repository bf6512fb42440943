"""What an application raised, told without the frames that are not its own.

Decides: how an exception is put into a line, and how much of a traceback is shown. Place in the
flow: made by the transports to an application, shown by assertions and reports. Must not
import: anything but `core`.
"""

from __future__ import annotations

import logging
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from traceback import FrameSummary, TracebackException, extract_tb

from mockserver.core.models import DueAttempt

_log = logging.getLogger("mockserver.transport.application.base")


@dataclass(frozen=True)
class ApplicationFailure:
    """An exception of the application.

    Attributes:
        attempt: The attempt that it was answering.
        traceback: As Python prints it, without the frames of frameworks between the application's
            own.
    """

    attempt: DueAttempt
    error: BaseException
    traceback: str


class BrokenApplication(RuntimeError):
    """The application did not keep to WSGI or ASGI; raised where it did not."""


def log_failure(failure: ApplicationFailure) -> None:
    """Log a failure with its traceback, as a server does."""
    _log.error("the application failed at %s\n%s", failure.attempt.url, failure.traceback)


def line_of(error: BaseException) -> str:
    """Return an exception in a line: what it is, and where in the application it was raised."""
    try:
        message = next(iter(str(error).splitlines()), "")
    except Exception:
        message = ""
    if isinstance(error, BrokenApplication):
        return message
    text = f"{type(error).__name__}: {message[:200]}" if message else type(error).__name__
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_APPLICATION)]
    last = (own or list(frames))[-1:]
    return text + "".join(f" ({Path(each.filename).name}:{each.lineno})" for each in last)


def traceback_of(error: BaseException) -> str:
    """Return a traceback as Python prints it, without the frames that say nothing.

    Shown are the application's own, and where libraries went from the last one of these. If
    none is its own, all are shown from where it was called.
    """
    told = TracebackException.from_exception(error)
    for each in _chained(told):
        each.stack[:] = _telling(list(each.stack))
    return "".join(told.format())


def _telling(frames: list[FrameSummary]) -> list[FrameSummary]:
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_APPLICATION)]
    if not own:
        return [frame for frame in frames if not frame.filename.startswith(_PACKAGE)] or frames
    after = frames[len(frames) - frames[::-1].index(own[-1]) :]
    # What this package does when the application calls it is told by the exception.
    return own + list(takewhile(lambda frame: not frame.filename.startswith(_PACKAGE), after))


def _chained(told: TracebackException) -> Iterator[TracebackException]:
    yield told
    for each in (told.__cause__, told.__context__, *(getattr(told, "exceptions", None) or ())):
        if each is not None:
            yield from _chained(each)


_PACKAGE = f"{Path(__file__).parents[2]}/"
_NOT_THE_APPLICATION = (
    "<frozen",
    f"{Path(__file__).parents[2]}/",
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)
