"""Runs the columns of a proof in several processes, which end with the process that began them.

A column may serve endpoints of its own, so a worker is not killed: its case is interrupted, and
what it had begun is put in order.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TypeVar

_Result = TypeVar("_Result")

#: How long a worker may take to put in order what it had begun.
_PATIENCE_REAL_SECONDS = 5.0


def in_workers(
    function: Callable[[str], _Result],
    names: Sequence[str],
    *,
    workers: int,
    prepare: Callable[[], None],
) -> Generator[tuple[str, _Result], None, None]:
    """Call a function of a module with each name, in processes; yield results as they are there.

    If this is interrupted, or its process is killed, the workers end.

    Args:
        function: What is called; its result is sent from process to process.
        names: The arguments.
        workers: How many processes.
        prepare: Called first in each process.
    """
    # Not forked: a process must begin with modules that no deviant has changed, and without the
    # locks that other threads hold.
    context = multiprocessing.get_context("spawn")
    # Only this process has the end that is written to. When it is closed, the workers are told.
    heard, told = context.Pipe(duplex=False)
    with _deaf_to_the_terminal():
        # It starts a process that keeps count of locks.
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin, initargs=(heard, prepare)
        )
    try:
        with _deaf_to_the_terminal():
            futures = {pool.submit(_called, function, name): name for name in names}
        for future in as_completed(futures):
            yield futures[future], future.result()
        # Nothing is left to do, so nobody has to be told to end.
        pool.shutdown(wait=True)
    finally:
        told.close()
        pool.shutdown(wait=True, cancel_futures=True)
        heard.close()


def _begin(heard: Connection, prepare: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, _end)
    # Its signal is handled by the first process. A handler, other than a signal that is ignored,
    # is not handed on to programs that a case starts.
    signal.signal(signal.SIGINT, _leave_it)
    signal.signal(signal.SIGHUP, _leave_it)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OF_THE_TERMINAL)
    threading.Thread(target=_end_with, args=(heard,), name="contracts-end", daemon=True).start()
    prepare()


def _called(function: Callable[[str], _Result], name: str) -> _Result:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return function(name)
    except KeyboardInterrupt:
        # A worker would take the next column.
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, _end)


def _end_with(heard: Connection) -> None:
    """Wait until nobody can write to the other end any more, then end this process."""
    with suppress(EOFError, OSError):
        heard.recv()
    # To the thread that runs the case: a signal that another one takes does not end its waiting.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    threading.Event().wait(_PATIENCE_REAL_SECONDS)
    os._exit(1)


@contextmanager
def _deaf_to_the_terminal() -> Iterator[None]:
    """Hold back signals of the terminal in processes that are started here, until they unblock."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGHUP)


def _end(number: int, frame: object) -> None:
    """End a worker that has nothing to put in order: it waits for a column."""
    os._exit(1)


def _interrupt(number: int, frame: object) -> None:
    # The pool sends it once more, when the first of its workers has ended.
    signal.signal(signal.SIGTERM, _leave_it)
    raise KeyboardInterrupt


def _leave_it(number: int, frame: object) -> None:
    """Leave it to the process that began this one."""
