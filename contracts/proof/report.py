"""Writes a proof as one HTML page: which case caught which broken fake or endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from contracts.proof.matrix import (
    CAUGHT,
    TRUE_FAKE,
    Proof,
    ProofFormat,
    ProvedCase,
    ProvedDeviant,
)
from contracts.suite.report.figures import Figure
from contracts.suite.report.page import render
from contracts.suite.vocabulary import Level, Status, TargetKind

Member = TypeVar("Member", ProvedCase, ProvedDeviant)


class Mark(StrEnum):
    """The meaning of a cell of the matrix."""

    NAMED = "named and caught"
    TOO = "caught too"
    MISSED = "named, but not caught"
    NOT = "not caught"
    ERROR = "error of the case"
    APART = "not tried"


@dataclass(frozen=True, slots=True)
class Row:
    """A case, and its mark for each deviant in the order of the columns.

    Attributes:
        unbroken: Where it did not pass although nothing is broken; empty if it passed.
    """

    case: ProvedCase
    unbroken: str
    marks: tuple[Mark, ...]

    @property
    def caught(self) -> int:
        """Return how many deviants this case caught."""
        return sum(mark in (Mark.NAMED, Mark.TOO) for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Column:
    """A deviant, and the ids of the cases by their mark for it."""

    deviant: ProvedDeviant
    cases: dict[Mark, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """The matrix of the fakes, or that of the endpoints; no case is about both.

    Attributes:
        title: Its heading.
        areas: Rows by area.
        columns: Columns by area.
    """

    title: str
    areas: list[tuple[str, list[Row]]]
    columns: list[tuple[str, list[Column]]]


def kill_matrix_html(proof: Proof) -> str:
    """Return the proof as one self-contained page."""
    return render(
        "kill_matrix.html.j2",
        package=__package__,
        proof=proof,
        faults=proof.faults(),
        figures=_figures(proof),
        marks=list(Mark),
        parts=[
            part
            for part in (_part(proof, kind, title) for kind, title in _TITLES.items())
            if part.areas or part.columns
        ],
    )


def mark_of(proof: Proof, case: ProvedCase, deviant: str) -> Mark:
    """Return the mark of a case for a deviant."""
    status = proof.cells.get(deviant, {}).get(case.id)
    if status in CAUGHT:
        return Mark.NAMED if deviant in case.catches else Mark.TOO
    if status is Status.ERROR:
        return Mark.ERROR
    if deviant in case.catches:
        return Mark.MISSED
    return Mark.NOT if status is Status.PASS else Mark.APART


def _figures(proof: Proof) -> tuple[Figure, ...]:
    proved = sum(
        any(mark_of(proof, case, deviant.name) is Mark.NAMED for case in proof.cases)
        for deviant in proof.deviants
    )
    musts = [case for case in proof.cases if case.level is Level.MUST]
    able = sum(
        any(mark_of(proof, case, name) is Mark.NAMED for name in case.catches) for case in musts
    )
    caught = "deviants were caught by a case that names them"
    proves = "cases of level MUST caught a deviant that they name"
    figures = (
        Figure("Deviants caught", proved, len(proof.deviants), caught),
        Figure("MUSTs proved", able, len(musts), proves),
    )
    if proof.drawn is None:
        return figures
    whole = len(proof.drawn.deviants)
    counted = f"broken fakes drawn with seed {proof.drawn.seed} were caught in one run"
    found = whole - len(proof.drawn.missed)
    return (*figures, Figure("Drawn deviants caught", found, whole, counted))


_TITLES = {TargetKind.FAKE: "Broken fakes", TargetKind.ENDPOINT: "Broken endpoints"}


def _part(proof: Proof, kind: TargetKind, title: str) -> Part:
    groups = _by_area(each for each in proof.deviants if each.target is kind)
    deviants = [one for _, group in groups for one in group]
    rows = _by_area(each for each in proof.cases if each.target is kind)
    return Part(
        title,
        [(name, [_row(proof, case, deviants) for case in cases]) for name, cases in rows],
        [(name, [_column(proof, one) for one in members]) for name, members in groups],
    )


def _row(proof: Proof, case: ProvedCase, deviants: list[ProvedDeviant]) -> Row:
    if case.target is TargetKind.FAKE:
        status = str(proof.cells.get(TRUE_FAKE, {}).get(case.id) or "missing")
        unbroken = "" if status == Status.PASS else f"{status} on the true fake"
    else:
        statuses = {name: proof.cells.get(name, {}).get(case.id) for name in proof.good}
        bad = [f"{status} on {name}" for name, status in statuses.items() if status in CAUGHT]
        unbroken = ", ".join(bad)
    marks = tuple(mark_of(proof, case, deviant.name) for deviant in deviants)
    return Row(case, unbroken, marks)


def _column(proof: Proof, deviant: ProvedDeviant) -> Column:
    cases: dict[Mark, list[str]] = {mark: [] for mark in Mark}
    for case in (case for case in proof.cases if case.target is deviant.target):
        cases[mark_of(proof, case, deviant.name)].append(case.id)
    return Column(deviant, {mark: tuple(ids) for mark, ids in cases.items()})


def _by_area(members: Iterable[Member]) -> list[tuple[str, list[Member]]]:
    grouped: dict[str, list[Member]] = {}
    for member in members:
        grouped.setdefault(member.area, []).append(member)
    return list(grouped.items())


HTML = ProofFormat("html", kill_matrix_html, order=10)
