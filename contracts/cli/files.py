"""The files that a run writes, and what it tells GitHub.

Decides: which `--report` can be written, found out before anything is run. Place in the flow:
shared by all commands of the contract suite. Must not import: the suite beyond its reports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from contracts.suite.report import github, markdown
from contracts.suite.results import RunReport
from mockserver.core.errors import InvalidConfig


def files_of(reports: tuple[str, ...], formats: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Return format and file of each `--report`.

    Raises:
        click.UsageError: One is no FORMAT=FILE, or names an unknown format.
    """
    chosen: list[tuple[str, Path]] = []
    for report in reports:
        name, separator, path = report.partition("=")
        if not separator or not path or name not in formats:
            raise click.UsageError(
                f"--report takes FORMAT=FILE with one of {', '.join(formats)}, got {report!r}"
            )
        if any(Path(path) == other for _, other in chosen):
            raise click.UsageError(f"two reports would be written to {path}")
        chosen.append((name, Path(path)))
    return chosen


def check_writable(paths: Sequence[Path]) -> None:
    """Find out before a run whether its reports can be written.

    Raises:
        InvalidConfig: One of them cannot.
    """
    for path in paths:
        folder = path.parent
        usable = folder.is_dir() and os.access(folder, os.W_OK) and not path.is_dir()
        if not usable or (path.exists() and not os.access(path, os.W_OK)):
            raise InvalidConfig(
                f"cannot write the report {path}: is its folder there, and writable?"
            )


def write_file(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        InvalidConfig: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidConfig(f"cannot write the report {path}: {error.strerror}") from None


def tell_github(report: RunReport) -> None:
    """Write annotations for GitHub, and the summary of the workflow run.

    Raises:
        InvalidConfig: The summary cannot be written.
    """
    # The commands are read from either stream, and stdout may hold a JSON document.
    sys.stderr.write(github.annotations(report))
    sys.stderr.flush()
    summary_file = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary_file:
        try:
            with Path(summary_file).open("a", encoding="utf-8") as summary:
                summary.write(markdown.markdown(report))
        except OSError as error:
            raise InvalidConfig(
                f"cannot write GITHUB_STEP_SUMMARY, {summary_file}: {error.strerror}"
            ) from None
