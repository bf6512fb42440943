"""Runs at a sandbox and at an endpoint are asked for in the same words."""

from __future__ import annotations

from collections.abc import Collection

import click
import pytest

from contracts.cli.contracts import prove, run
from contracts.cli.proofs import proof_writers
from contracts.cli.verify import verify
from contracts.suite.report.formats import run_writers
from contracts.suite.vocabulary import TargetKind


@pytest.mark.parametrize("command", [run, verify])
def test_both_have_them(command: click.Command) -> None:
    names = [parameter.name for parameter in command.params]
    at = names.index("reports")
    assert names[at : at + 5] == ["reports", "github", "baseline", "seed", "strict"]


@pytest.mark.parametrize(
    ("command", "writes", "formats"),
    [
        (run, "Write", run_writers(TargetKind.FAKE)),
        (verify, "Write", run_writers(TargetKind.ENDPOINT)),
        (prove, "Write the kill matrix as", proof_writers()),
    ],
)
def test_the_help_names_every_format(
    command: click.Command, writes: str, formats: Collection[str]
) -> None:
    (report,) = (item for item in command.params if item.name == "reports")
    *most, last = formats
    record = report.get_help_record(click.Context(command))
    assert record is not None
    assert record[1] == f"{writes} {', '.join(most)} or {last} to FILE; may be repeated."
