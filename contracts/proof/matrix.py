"""Holds the kill matrix: which case caught which deviant, and what is wrong with a proof."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from contracts.suite.report.formats import ReportFormat
from contracts.suite.vocabulary import Level, Status, TargetKind

#: The statuses with which a case has caught a deviant.
CAUGHT = frozenset({Status.FAIL, Status.WARN, Status.INFO, Status.UNTESTABLE})

#: The statuses that no case may have on a good endpoint, whatever its level; None is no result.
NEVER_GOOD = frozenset({Status.ERROR, Status.UNTESTABLE, None})

#: The name of the column of the fake itself.
TRUE_FAKE = "the true fake"


class ProvedCase(Struct, frozen=True):
    """A row: a case, and the deviants it says it catches."""

    id: str
    title: str
    area: str
    level: Level
    catches: list[str]
    target: TargetKind = TargetKind.FAKE


class ProvedDeviant(Struct, frozen=True):
    """A column: a broken fake or endpoint, and the change that broke it."""

    name: str
    area: str
    change: str
    target: TargetKind = TargetKind.FAKE


class DrawnDeviant(Struct, frozen=True):
    """A fake that was drawn, and the first case that caught it; empty if none did."""

    name: str
    area: str
    change: str
    caught_by: str


class Draw(Struct, frozen=True):
    """What came of the fakes that one seed has drawn."""

    seed: int
    deviants: list[DrawnDeviant]

    @property
    def missed(self) -> list[DrawnDeviant]:
        """Return those that no case caught."""
        return [each for each in self.deviants if not each.caught_by]

    @property
    def rate(self) -> str:
        """Return how many were caught, in words."""
        caught = len(self.deviants) - len(self.missed)
        return f"{caught} of {len(self.deviants)} drawn with seed {self.seed}"


class Proof(Struct, frozen=True):
    """The results of every case against every deviant, the true fake, and the good endpoints.

    Attributes:
        cells: Statuses by column, then by case id. A column is named after a deviant or a good
            endpoint, or is `TRUE_FAKE`.
        good: The names of the good endpoints.
        left_out: Why a deviant or a good endpoint was not tried, by its name.
        drawn: What came of fakes that were drawn by a seed, if some were.
    """

    format: int
    suite_version: str
    cases: list[ProvedCase]
    deviants: list[ProvedDeviant]
    cells: dict[str, dict[str, Status]]
    good: list[str] = []
    left_out: dict[str, str] = {}
    drawn: Draw | None = None

    def catchers(self, deviant: str) -> list[str]:
        """Return the ids of the cases that caught a deviant, in the order of the cases."""
        column = self.cells.get(deviant, {})
        return [case.id for case in self.cases if column.get(case.id) in CAUGHT]

    def faults(self) -> list[str]:
        """Return the reasons why this matrix proves nothing, one sentence each."""
        return [
            *self._about_the_fake(),
            *self._about_the_good(),
            *self._about_deviants(),
            *self._about_cases(),
        ]

    def _about_the_fake(self) -> list[str]:
        column = self.cells.get(TRUE_FAKE, {})
        return [
            f"{case.id} is {column.get(case.id, 'missing')} on the true fake"
            for case in self.cases
            if case.target is TargetKind.FAKE and column.get(case.id) is not Status.PASS
        ]

    def _about_the_good(self) -> list[str]:
        faults = []
        for case in self.cases:
            if case.target is not TargetKind.ENDPOINT:
                continue
            statuses = {name: self.cells.get(name, {}).get(case.id) for name in self.good}
            for name, status in statuses.items():
                # A good endpoint need not be perfect: a case that is no MUST may warn.
                if status in NEVER_GOOD or (case.level is Level.MUST and status in CAUGHT):
                    faults.append(f"{case.id} is {status or 'missing'} on the good {name}")
            if Status.PASS not in statuses.values() and not self.left_out:
                faults.append(f"{case.id} passes on no good endpoint")
        return faults

    def _about_deviants(self) -> list[str]:
        named = {name for case in self.cases for name in case.catches}
        known = {deviant.name for deviant in self.deviants}
        faults = [f"no case says that it catches {name}" for name in sorted(known - named)]
        faults += [
            f"a case names the deviant {name}, which does not exist"
            for name in sorted(named - known)
        ]
        for name, column in self.cells.items():
            errors = [case_id for case_id, status in column.items() if status is Status.ERROR]
            faults += [f"{case_id} ended in an error of its own on {name}" for case_id in errors]
        return faults

    def _about_cases(self) -> list[str]:
        faults = []
        for case in self.cases:
            if case.level is Level.MUST and not case.catches:
                faults.append(f"{case.id} is a MUST and names no deviant")
            for name in case.catches:
                if name in self.left_out:
                    continue
                status = self.cells.get(name, {}).get(case.id)
                if status not in CAUGHT:
                    faults.append(f"{case.id} is {status or 'missing'} on {name}, which it names")
        return faults


def with_draw(proof: Proof, draw: Draw) -> Proof:
    """Return the proof with what came of drawn fakes."""
    return msgspec.structs.replace(proof, drawn=draw)


def encode(proof: Proof) -> bytes:
    """Return the JSON document of a proof."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=1) + b"\n"


class ProofFormat(ReportFormat[Proof]):
    """A format that `contracts prove` writes a proof in."""


JSON = ProofFormat("json", lambda proof: encode(proof).decode(), order=20)
