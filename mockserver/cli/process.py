"""Prepares the process of a command: what a signal does to it, and where its streams lead.

Only `postbacks` as a program does this. Who calls a command in a process of his own keeps his
signals and streams.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from mockserver.core.errors import PostbacksError

#: What a command ends with that was interrupted, by whatever signal.
INTERRUPTED = 130


class OutputUnwritable(PostbacksError):
    """What a command says cannot be written to where its output leads."""

    code = "output-unwritable"


@contextmanager
def writing() -> Iterator[None]:
    """Say that stdout cannot be written, if that is why this block fails.

    Raises:
        OutputUnwritable: It cannot.
        BrokenPipeError: Nobody reads it any more; `root` ends the command quietly.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputUnwritable(f"cannot write the output: {error.strerror}") from None


def tell(text: str) -> None:
    """Write a line to stderr, if it can be written: there is nowhere else to say that."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def settle() -> None:
    """Let Python's last flush succeed, whatever is left in streams that cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def prepare() -> None:
    """Make the streams safe to write to, and let a signal end the process at once."""
    _open_streams()
    for number in ending_signals():
        # Modules are being imported: nothing was begun that would have to be put in order.
        signal.signal(number, _end)


def interruptible() -> None:
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt from now on, once.

    So whatever ends a command, it writes its report, takes an endpoint up again and ends its
    workers. While it does, only a second Ctrl-C ends it at once: a terminal that is closed, or a
    service manager, sends several signals in a row.
    """
    for number in ending_signals():
        signal.signal(number, _interrupt)


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end a command, without those that it was started to ignore."""
    # Windows has no SIGHUP. `nohup` starts a command with it ignored.
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    known = [signal.Signals[name] for name in names if hasattr(signal, name)]
    return tuple(one for one in known if signal.getsignal(one) is not signal.SIG_IGN)


def _interrupt(number: int, frame: object) -> NoReturn:
    for each in ending_signals():
        signal.signal(each, _end if each is signal.SIGINT else _do_nothing)
    raise KeyboardInterrupt


def _do_nothing(number: int, frame: object) -> None:
    """Leave it to the interrupt that is under way already."""


def _end(number: int, frame: object) -> NoReturn:
    if os.isatty(2):
        # A progress bar may have hidden the cursor; the prompt begins on a line of its own.
        os.write(2, b"\x1b[?25h\n")
    os._exit(INTERRUPTED)


def _open_streams() -> None:
    """Open what was closed (`>&-`).

    The next file that is opened gets a number that is free. If that were 1 or 2, messages would
    be written into a socket or into the ledger.
    """
    is_open = {number: _is_open(number) for number in range(3)}
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        if not is_open[number]:
            # Stdout for reading, so that writing fails as on a stream that is closed.
            _occupy(number, flags)
    if not is_open[0]:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    if not is_open[1]:
        sys.stdout = _writer(1)
    if not is_open[2]:
        sys.stderr = _writer(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter gets it as an escape.
            stream.reconfigure(errors="backslashreplace")


def _writer(number: int) -> io.TextIOWrapper:
    file = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _occupy(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
