"""Shows on a terminal's standard error how many cases of a run are done.

Nothing is shown when stderr is no terminal, or with `--json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mockserver.cli.output import Output, plain_console
from mockserver.cli.process import tell

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """What a command tells while it is at work; nothing is shown without `progress`."""

    def __init__(self, progress: Progress | None = None, total: int = 0) -> None:
        self._progress = progress
        self._task = None if progress is None else progress.add_task("", total=total)

    def show(self, description: str) -> None:
        """Show beside the bar what is going on."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=description)

    def advance(self) -> None:
        """One more is done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)

    def tell_anyway(self, line: str) -> None:
        """Write a line to stderr, above the bar if one is shown."""
        if self._progress is None:
            tell(line)
        else:
            self.tell(line)

    def tell(self, line: str) -> None:
        """Write a line above the bar, which stays."""
        if self._progress is not None:
            self._progress.console.print(line)


@contextmanager
def bar(output: Output, total: int, *, is_hidden: bool = False) -> Iterator[Bar]:
    """Show a bar of `total` steps while the block runs, where someone may look at it."""
    console = plain_console(stderr=True)
    if output.as_json or is_hidden or not console.is_terminal:
        yield Bar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress, total)
