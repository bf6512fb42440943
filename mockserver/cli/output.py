"""Writes answers for every command: through rich for people, as JSON for programs."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mockserver.cli.process import tell, writing
from mockserver.cli.shortening import bounded
from mockserver.core.instants import written
from mockserver.core.wording import count as count
from mockserver.net.visible_text import json_visible

#: The colours of states on terminals.
STYLES = {
    "delivered": "green",
    "pending": "yellow",
    "rejected": "magenta",
    "lost": "red",
}


_NO_TERMINAL_COLUMNS = 100_000


class Output:
    """Writes answers to stdout, and remarks for people to stderr.

    Args:
        as_json: Whether the answer is one JSON document.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = plain_console()

    def document(self, value: Any) -> None:
        """Write a JSON document."""
        encoded = msgspec.json.encode(value, enc_hook=written)
        self._write(_written(msgspec.json.format(encoded, indent=2)) + "\n")

    def document_line(self, value: Any) -> None:
        """Write a JSON document in one line, at once."""
        self._write(_written(msgspec.json.encode(value, enc_hook=written)) + "\n")
        self.flush()

    def line(self, text: str | Text = "", style: str | None = None) -> None:
        """Write a line; a terminal gets it wrapped between words, a file or pipe as it is."""
        if isinstance(text, str):
            text = Text(text, style or "")
        self._print(text, soft_wrap=not self.console.is_terminal)

    def url_line(self, text: str) -> None:
        """Write a line that somebody may copy: it is never broken, however narrow the terminal."""
        self._print(Text(text), soft_wrap=True)

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """Write a table; on a terminal, a cell that is too wide is continued on the next line."""
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(bounded(cell)) for cell in row))
        if self.console.is_terminal:
            self._print(table)
            return
        # A file or pipe gets each row as one line.
        self.console.width = _NO_TERMINAL_COLUMNS
        # What was written before is flushed here.
        with writing(), self.console.capture() as captured:
            self.console.print(table)
        for line in captured.get().splitlines():
            self.url_line(line.rstrip())

    def remark(self, text: str) -> None:
        """Write something that is not part of the answer to stderr; not if the answer is JSON."""
        if not self.as_json:
            self.flush()
            tell(text)

    def flush(self) -> None:
        """Write at once what was written so far."""
        with writing():
            self.console.file.flush()

    def _write(self, text: str) -> None:
        with writing():
            sys.stdout.write(text)

    def _print(self, what: Text | Table, **options: Any) -> None:
        with writing():
            self.console.print(what, **options)


def _written(document: bytes) -> str:
    """Return JSON that neither steers a terminal nor has a letter that stdout lacks."""
    text = document.decode()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json_visible(text, as_ascii=True)
    return json_visible(text)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let `root` decide what to do when nobody reads the output any more."""
        raise BrokenPipeError


def plain_console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is: no markup, no emoji, no guessed colours."""
    return _Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def instant(instant_at: datetime | None) -> str:
    """Return an instant in UTC, e.g. `2026-01-01 10:00:30`."""
    if instant_at is None:
        return "-"
    whole = instant_at.microsecond == 0
    return instant_at.strftime("%Y-%m-%d %H:%M:%S") + (
        "" if whole else f".{instant_at.microsecond // 1000:03d}"
    )


def offset(since_first: timedelta) -> str:
    """Return how long after the first attempt, in hours: `+65h`, `+1h00m30s`."""
    whole = round(since_first.total_seconds())
    sign = "-" if whole < 0 else "+"
    hours, rest = divmod(abs(whole), 3600)
    minutes, seconds = divmod(rest, 60)
    if rest == 0:
        return f"{sign}{hours}h"
    if hours == 0:
        return sign + (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds else "")
    return f"{sign}{hours}h{minutes:02d}m" + (f"{seconds:02d}s" if seconds else "")


def elapsed(seconds: float) -> str:
    """Return how long an attempt took, e.g. `30s`, `29.9s`, `4ms`."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:.3g}ms"
    return f"{seconds:.4g}s"
