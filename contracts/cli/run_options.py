"""Declares the options that `contracts run` and `verify` share, and `--report` of `prove`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

_Formats = Callable[[], Iterable[str]]
_Command = TypeVar("_Command", bound=Callable[..., Any])


def run_options(kind: str, seed_help: str) -> Callable[[_Command], _Command]:
    """Return what adds `--report`, `--github`, `--baseline`, `--seed`, `--strict` and more.

    Args:
        kind: What a run is aimed at: a value of `TargetKind`.
        seed_help: What another seed changes.
    """

    def formats() -> Iterable[str]:
        from contracts.suite.report.formats import run_writers
        from contracts.suite.vocabulary import TargetKind

        return run_writers(TargetKind(kind))

    options = [
        report_option("Write", formats),
        click.option("--github", is_flag=True, help="Annotate a workflow run on GitHub."),
        click.option("--baseline", metavar="FILE", help="A TOML file of known deviations."),
        click.option("--seed", type=int, metavar="N", help=seed_help),
        click.option("--strict", is_flag=True, help="Let warnings fail the run, too."),
        click.option(
            "--progress-lines",
            is_flag=True,
            help="Tell on stderr, a line of JSON each, which case begins and what came of it.",
        ),
    ]

    def add(command: _Command) -> _Command:
        # The last that is added is shown first.
        for option in reversed(options):
            command = option(command)
        return command

    return add


def report_option(
    verb: str, formats: Callable[[], Iterable[str]]
) -> Callable[[_Command], _Command]:
    """Return what adds `--report FORMAT=FILE`.

    Args:
        verb: How its help begins, e.g. `Write`.
        formats: Returns the names of the formats; called only when the help is shown.
    """
    return click.option(
        "--report",
        "reports",
        cls=ReportOption,
        metavar="FORMAT=FILE",
        multiple=True,
        verb=verb,
        formats=formats,
    )


class ReportOption(click.Option):
    """An option whose help names the registered formats, which are imported only for it."""

    def __init__(self, *names: Any, verb: str, formats: _Formats, **options: Any) -> None:
        self._verb = verb
        self._formats = formats
        super().__init__(*names, **options)

    @property
    def help(self) -> str:
        """Return the help, with the names of all formats."""
        *most, last = self._formats()
        return f"{self._verb} {', '.join(most)} or {last} to FILE; may be repeated."

    @help.setter
    def help(self, _given: object) -> None:
        # click sets it to nothing as it makes the option.
        pass
