"""Tells GitHub what was found."""

from __future__ import annotations

import os
from pathlib import Path

from contracts.suite.report import github, markdown
from contracts.suite.results import RunReport
from mockserver.cli.process import tell
from mockserver.core.errors import InvalidConfig


def tell_github(report: RunReport) -> None:
    """Write annotations for GitHub, and the summary of the workflow run.

    Raises:
        InvalidConfig: The summary cannot be written.
    """
    # The commands are read from either stream, and stdout may hold a JSON document.
    annotations = github.annotations(report)
    if annotations:
        tell(annotations.removesuffix("\n"))
    summary_file = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary_file:
        try:
            with Path(summary_file).open("a", encoding="utf-8") as summary:
                summary.write(markdown.markdown(report))
        except OSError as error:
            raise InvalidConfig(
                f"cannot write GITHUB_STEP_SUMMARY, {summary_file}: {error.strerror}"
            ) from None
