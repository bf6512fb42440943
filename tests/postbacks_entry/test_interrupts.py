"""Tests that Ctrl-C ends a command that is still being imported."""

from __future__ import annotations

import signal
import subprocess
import sys


def test_an_interrupt_meanwhile_is_no_traceback() -> None:
    code = (
        "import os, signal\n"
        "from postbacks_entry.interrupts import end_at_interrupt\n"
        "end_at_interrupt()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")
