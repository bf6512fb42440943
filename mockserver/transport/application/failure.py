"""Describes exceptions of an application in this process, for assertions, logs and reports.

The frames of frameworks and of this package are left out. Whose a frame is, is judged by its file:
what is installed, or belongs to Python, is not the application's own.
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

_log = logging.getLogger("mockserver.transport.application")


@dataclass(frozen=True)
class ApplicationFailure:
    """An exception of the application.

    Attributes:
        attempt: The attempt that it was answering.
        error: The exception itself.
        traceback: As Python prints it, without the frames of frameworks between the application's
            own.
        place: Where it was raised, if not while it answered: `a thread that it started`, or
            `its shutdown`.
        answered: The status of success with which the attempt was answered all the same. Nothing
            that becomes of the delivery shows such a failure.
    """

    attempt: DueAttempt
    error: BaseException
    traceback: str
    place: str = ""
    answered: int | None = None


class BrokenApplication(RuntimeError):
    """The application did something that WSGI or ASGI do not allow."""


def log_failure(failure: ApplicationFailure) -> None:
    """Log a failure with its traceback, as a server does."""
    _log.error("the application failed at %s\n%s", failure.attempt.url, failure.traceback)


def is_own_file(name: str) -> bool:
    """Return whether code of this file is the application's own."""
    # An environment may see the packages of another one, so any folder of this name counts.
    path = Path(name)
    is_installed = not _PACKAGE_FOLDERS.isdisjoint(path.parts)
    if not path.is_absolute() and name.endswith(".py") and not path.exists():
        # Of a module that Cython has compiled somewhere else.
        is_installed = True
    return not is_installed and not name.startswith(_NOT_THE_APPLICATION)


def is_package_file(name: str) -> bool:
    """Return whether code of this file belongs to this package."""
    return name.startswith(_PACKAGE)


def line_of(error: BaseException) -> str:
    """Return an exception in one line: what it is, and where in the application it was raised."""
    try:
        message = next(iter(str(error).splitlines()), "")
    except Exception:
        message = ""
    if isinstance(error, BrokenApplication):
        return message
    text = f"{type(error).__name__}: {message[:200]}" if message else type(error).__name__
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame)]
    last = (own or list(frames))[-1:]
    return text + "".join(f" ({Path(each.filename).name}:{each.lineno})" for each in last)


def traceback_of(error: BaseException) -> str:
    """Return a traceback as Python prints it, without the frames that explain nothing.

    It shows the frames of the application, and those of libraries that its last frame called. If
    no frame is the application's, it shows all from where the application was called.
    """
    shown = TracebackException.from_exception(error)
    for each in _chained(shown):
        each.stack[:] = _useful(list(each.stack))
    return "".join(shown.format())


def _useful(frames: list[FrameSummary]) -> list[FrameSummary]:
    own = [frame for frame in frames if _is_own(frame)]
    if not own:
        return [frame for frame in frames if not frame.filename.startswith(_PACKAGE)] or frames
    after = frames[len(frames) - frames[::-1].index(own[-1]) :]
    # What this package does when the application calls it is explained by the exception.
    return own + list(takewhile(lambda frame: not frame.filename.startswith(_PACKAGE), after))


def _chained(first: TracebackException) -> Iterator[TracebackException]:
    yield first
    for each in (first.__cause__, first.__context__, *(getattr(first, "exceptions", None) or ())):
        if each is not None:
            yield from _chained(each)


def _is_own(frame: FrameSummary) -> bool:
    """Return whether a frame is the application's own."""
    return is_own_file(frame.filename)


_PACKAGE = f"{Path(__file__).parents[2]}/"
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})
_NOT_THE_APPLICATION = (
    "<frozen",
    _PACKAGE,
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)
