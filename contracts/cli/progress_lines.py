"""Tells a program on stderr how far a run is, a line of JSON each, for `--progress-lines`.

The kinds, by `progress`: `begin` (how many `cases`), `case` (the `id` of the one that begins),
`result` (`id`, `title`, `level`, `status`, and whether it is `known` to the baseline), `report`
(the `id` under which the report is kept).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from contracts.suite.registry import Case
from contracts.suite.results import CaseResult


class ProgressLines:
    """Writes the lines, if they are wanted.

    Args:
        is_wanted: Whether anything is written at all.
    """

    def __init__(self, *, is_wanted: bool) -> None:
        self.is_wanted = is_wanted

    def begin(self, cases: int) -> None:
        """So many cases are about to be run."""
        self._write(progress="begin", cases=cases)

    def on_case(self, case: Case) -> None:
        """A case begins."""
        self._write(progress="case", id=case.id)

    def on_result(self, result: CaseResult) -> None:
        """A case has ended."""
        self._write(
            progress="result",
            id=result.id,
            title=result.title,
            level=result.level,
            status=result.status,
            known=bool(result.known),
        )

    def kept(self, report_id: str) -> None:
        """The report is kept under this id."""
        self._write(progress="report", id=report_id)

    def _write(self, **values: Any) -> None:
        if not self.is_wanted:
            return
        try:
            print(json.dumps(values), file=sys.stderr, flush=True)
        except OSError:
            # Whoever wanted to follow the run has gone, and nobody is left to end it.
            self.is_wanted = False
            raise KeyboardInterrupt from None
