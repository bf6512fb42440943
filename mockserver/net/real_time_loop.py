"""Gives an event loop whose timers run in real time, also while a test has frozen the time."""

from __future__ import annotations

import asyncio

from mockserver.net.monotonic import real_seconds


class RealTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers would never fire on a frozen `time.monotonic`."""

    def time(self) -> float:
        """Return the real seconds that timers are counted in."""
        return real_seconds()

    def __del__(self) -> None:
        """Close it, if it was made: asyncio's own fails where no more files could be opened."""
        if hasattr(self, "_ssock"):
            super().__del__()
