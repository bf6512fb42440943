"""The options that every run of cases has, be it at a sandbox or at an endpoint.

Decides: how they are called, so that who knows one command knows the other. Place in the flow:
`contracts run` and `verify` take them in. Must not import: the contract suite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def run_options(formats: Sequence[str], seed_help: str) -> Callable[[_Command], _Command]:
    """Return what adds `--report`, `--github`, `--baseline`, `--seed` and `--strict`.

    Args:
        formats: What a report can be written as.
        seed_help: What another seed changes.
    """
    options = [
        report_option(f"Write {_either(formats)} to FILE; may be repeated."),
        click.option("--github", is_flag=True, help="Annotate a workflow run on GitHub."),
        click.option("--baseline", metavar="FILE", help="A TOML file of known deviations."),
        click.option("--seed", type=int, metavar="N", help=seed_help),
        click.option("--strict", is_flag=True, help="Let warnings fail the run, too."),
    ]

    def add(command: _Command) -> _Command:
        # The last that is added is shown first.
        for option in reversed(options):
            command = option(command)
        return command

    return add


def report_option(help_text: str) -> Callable[[_Command], _Command]:
    """Return what adds `--report FORMAT=FILE`."""
    return click.option("--report", "reports", metavar="FORMAT=FILE", multiple=True, help=help_text)


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
