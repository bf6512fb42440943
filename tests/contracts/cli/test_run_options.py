"""Runs at a sandbox and at an endpoint are asked for in the same words."""

from __future__ import annotations

from collections.abc import Collection

import click
import pytest

from contracts.cli.contracts import run
from contracts.cli.verify import verify
from contracts.suite.report import ENDPOINT_WRITERS, WRITERS


@pytest.mark.parametrize("command", [run, verify])
def test_both_have_them(command: click.Command) -> None:
    names = [parameter.name for parameter in command.params]
    at = names.index("reports")
    assert names[at : at + 5] == ["reports", "github", "baseline", "seed", "strict"]


@pytest.mark.parametrize(("command", "formats"), [(run, WRITERS), (verify, ENDPOINT_WRITERS)])
def test_the_help_names_every_format(command: click.Command, formats: Collection[str]) -> None:
    (report,) = (item for item in command.params if item.name == "reports")
    assert isinstance(report, click.Option)
    *most, last = formats
    assert report.help == f"Write {', '.join(most)} or {last} to FILE; may be repeated."
