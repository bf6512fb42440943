"""Shows how a load goes: one line on a terminal, and elsewhere a line every few seconds."""

from __future__ import annotations

import sys
from typing import Self

from mockserver.cli.output import elapsed
from mockserver.cli.process import tell
from mockserver.load.histogram import COARSE_BITS, Histogram
from mockserver.load.result import LoadResult

#: How many seconds of the load a line is about.
WINDOW = 5
#: Where nothing is rewritten, a line comes so often, in seconds of the load.
EVERY = 5


class LiveLine:
    """The line; to be closed before anything else is written."""

    def __init__(self) -> None:
        self._is_rewritten = sys.stderr.isatty()
        self._is_shown = False
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def show(self, result: LoadResult) -> None:
        """Show how far it is."""
        text = line_of(result)
        if self._is_rewritten:
            sys.stderr.write(f"\r\x1b[K{text[: _columns()]}")
            sys.stderr.flush()
            self._is_shown = True
        elif result.real_seconds - self._last >= EVERY:
            self._last = result.real_seconds
            tell(text)

    def tell(self, text: str) -> None:
        """Write a line that stays."""
        self._clear()
        tell(text)

    def __exit__(self, *_: object) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_shown = False


def line_of(result: LoadResult) -> str:
    """Return rate and p99 of the last seconds, and what failed and is left of all."""
    totals = result.totals
    last = int(result.real_seconds)
    seconds = [totals.seconds[n] for n in range(last - WINDOW, last) if n in totals.seconds]
    latency = Histogram(COARSE_BITS)
    for second in seconds:
        latency.add(second.latency)
    rate = sum(second.reached for second in seconds) / max(1, min(WINDOW, last))
    failed = totals.failed + sum(totals.unsent.values())
    left = max(0, result.expected - totals.ended - sum(totals.unsent.values()))
    return (
        f"{result.real_seconds:.0f} s  {rate:,.0f}/s answered 2xx  "
        f"p99 {elapsed(latency.at(99).total_seconds())}  {failed:,} failed or not sent  "
        f"{left:,} left"
    )


def _columns() -> int:
    import shutil

    return max(20, shutil.get_terminal_size().columns - 1)
