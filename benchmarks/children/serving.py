"""Lets the servers among the children announce their port, and end with the benchmark."""

from __future__ import annotations

import json
import sys


def announce(port: int) -> None:
    """Tell the benchmark where the server listens."""
    print(json.dumps({"port": port}), flush=True)


def wait_for_the_end() -> None:
    """Return when standard input is closed, be it by the death of the benchmark."""
    sys.stdin.read()
