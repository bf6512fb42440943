"""Writes and reads the lines of JSON by which the processes of a load talk to who started them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def say(document: Mapping[str, Any]) -> None:
    """Write a line to standard output, at once and whole; whoever would read it may be gone."""
    left = json.dumps(document, separators=(",", ":")).encode() + b"\n"
    with suppress(BrokenPipeError):
        while left:
            left = left[os.write(1, left) :]


class LineReader:
    """Reads lines from a descriptor, of which any part may have arrived.

    Args:
        descriptor: An end of a pipe.

    Attributes:
        is_at_end: Whether nothing more will come.
    """

    def __init__(self, descriptor: int) -> None:
        self.is_at_end = False
        self._descriptor = descriptor
        self._rest = b""

    def read(self) -> list[dict[str, Any]]:
        """Return the lines that are complete, once something has arrived; it waits for that."""
        received = os.read(self._descriptor, 1 << 20)
        self.is_at_end = not received
        *whole, self._rest = (self._rest + received).split(b"\n")
        return [json.loads(line) for line in whole]
