"""Looks at the files of reports before a run, and writes them after it."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from mockserver.core.errors import InvalidConfig


def files_of(reports: Sequence[str], formats: Collection[str]) -> list[tuple[str, Path]]:
    """Return format and file of each `--report`; asked before a run, which may take minutes.

    Raises:
        click.UsageError: One is no FORMAT=FILE, or names an unknown format.
        InvalidConfig: A file cannot be written.
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
    for _, file in chosen:
        _check_writable(file)
    return chosen


def write_file(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        InvalidConfig: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidConfig(f"cannot write the report {path}: {error.strerror}") from None


def _check_writable(path: Path) -> None:
    folder = path.parent
    # Not the methods of a path, which raise an error if its name is too long.
    usable = os.path.isdir(folder) and os.access(folder, os.W_OK) and not os.path.isdir(path)
    if not usable or (os.path.exists(path) and not os.access(path, os.W_OK)):
        raise InvalidConfig(f"cannot write the report {path}: is its folder there, and writable?")
