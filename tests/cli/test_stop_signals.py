"""Tests that no signal that ends `serve` is missed, whichever thread it reaches."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from mockserver.cli.process import ending_signals
from mockserver.cli.stop_signals import StopSignals


@pytest.mark.parametrize("number", ending_signals())
def test_a_signal_before_the_wait_ends_it(number: signal.Signals) -> None:
    with StopSignals() as signals:
        signal.raise_signal(number)
        signals.wait()


@pytest.mark.parametrize("number", ending_signals())
def test_a_signal_that_another_thread_takes_ends_the_wait(number: signal.Signals) -> None:
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    assert other.ident is not None
    # The main thread is waiting by then, or is not: both must end.
    sender = threading.Timer(0.05, signal.pthread_kill, (other.ident, number))
    try:
        with StopSignals() as signals:
            sender.start()
            signals.wait()
    finally:
        sender.join()
        end.set()
        other.join()


def test_what_was_there_before_is_there_again() -> None:
    before = {number: signal.getsignal(number) for number in ending_signals()}
    with StopSignals():
        assert all(signal.getsignal(number) is not before[number] for number in before)
    assert {number: signal.getsignal(number) for number in before} == before
    assert signal.set_wakeup_fd(-1) == -1


def test_another_signal_does_not_end_the_wait() -> None:
    seen: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    try:
        with StopSignals() as signals:
            signal.raise_signal(signal.SIGUSR1)
            ending = threading.Timer(0.05, signal.raise_signal, (signal.SIGTERM,))
            began = time.monotonic()
            ending.start()
            assert signals.wait() is signal.SIGTERM
            ending.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert seen == [signal.SIGUSR1]
    assert time.monotonic() - began >= 0.04, "the first signal has ended the wait"


def test_a_hang_up_that_was_ignored_at_the_start_stays_ignored() -> None:
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from mockserver.cli.process import ending_signals;"
        "print([one.name for one in ending_signals()])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "['SIGINT', 'SIGTERM']\n"
