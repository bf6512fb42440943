"""Waits for the signal that ends `postbacks serve`.

A thread that waits at a lock misses a signal that another thread took, and one that came just
before the wait. So each signal is written into a pair of sockets by the interpreter itself, and
what waits is a read of the other end.
"""

from __future__ import annotations

import signal
import socket
from typing import Any, Self

from mockserver.cli.process import ending_signals


class StopSignals:
    """Takes the ending signals from its beginning to its end; to be used in the main thread."""

    def __enter__(self) -> Self:
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)
        self._previous: dict[signal.Signals, Any] = {}
        self._previous_told = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        for number in ending_signals():
            # Without a handler in Python the interpreter would not take the signal at all.
            self._previous[number] = signal.signal(number, _do_nothing)
        return self

    def wait(self) -> signal.Signals:
        """Wait until one of the signals has come, and return it; at once, if one came before."""
        while True:
            # Other signals that have a handler are written there as well.
            for number in self._heard.recv(64):
                if number in self._previous:
                    return signal.Signals(number)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_told)
        self._heard.close()
        self._told.close()


def _do_nothing(number: int, frame: object) -> None:
    """Leave the signal to `StopSignals.wait`."""
