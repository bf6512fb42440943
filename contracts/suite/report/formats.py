"""Finds the formats that a report can be written in, for the command line.

A format is registered by a constant in the module that writes it, e.g.
`FORMAT = RunFormat("har", har, order=60, kinds=frozenset({TargetKind.ENDPOINT}))`. Options,
their help and their errors all read from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from contracts.suite.results import RunReport
from contracts.suite.scanning import modules_in
from contracts.suite.vocabulary import TargetKind

Reported = TypeVar("Reported")
Format = TypeVar("Format", bound="ReportFormat[object]")


@dataclass(frozen=True)
class ReportFormat(Generic[Reported]):
    """A format, by the name that it has on a command line.

    Attributes:
        name: What stands before the equals sign in `--report FORMAT=FILE`.
        write: Returns the text of a file; it ends with a line feed and is written as UTF-8.
        order: Formats of a low order are named first.
    """

    name: str
    write: Callable[[Reported], str]
    order: int = 0


@dataclass(frozen=True)
class RunFormat(ReportFormat[RunReport]):
    """A format of one run.

    Attributes:
        kinds: At what a run must have been aimed to be written in this format.
    """

    kinds: frozenset[TargetKind] = frozenset(TargetKind)


@dataclass(frozen=True)
class ComparisonFormat(ReportFormat[Sequence[RunReport]]):
    """A format of several runs side by side."""


def run_writers(kind: TargetKind) -> Mapping[str, Callable[[RunReport], str]]:
    """Return what writes a run at such a target, by the name of the format."""
    found = registered("contracts.suite.report", RunFormat)
    return {each.name: each.write for each in found if kind in each.kinds}


def comparison_writers() -> Mapping[str, Callable[[Sequence[RunReport]], str]]:
    """Return what writes several runs side by side, by the name of the format."""
    found = registered("contracts.suite.report", ComparisonFormat)
    return {each.name: each.write for each in found}


@cache
def registered(package: str, form: type[Format]) -> tuple[Format, ...]:
    """Return the formats of this class that modules of a package register, in their order."""
    values = [value for module in modules_in(package) for value in vars(module).values()]
    found = [value for value in values if isinstance(value, form)]
    return tuple(sorted(found, key=lambda each: each.order))
