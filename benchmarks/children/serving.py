"""What the servers among the children have in common: announcing a port, and ending.

Decides: the one line they print, and that they end with whoever started them. Place in the
flow: used by the other modules here. Must not import: the project.
"""

from __future__ import annotations

import json
import sys


def announce(port: int) -> None:
    """Tell the benchmark where the server listens."""
    print(json.dumps({"port": port}), flush=True)


def wait_for_the_end() -> None:
    """Return when standard input is closed, be it by the death of the benchmark."""
    sys.stdin.read()
