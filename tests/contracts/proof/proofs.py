"""Proofs to draw matrices of: a good one, a bad one, one of the size of the suite."""

from __future__ import annotations

from contracts.proof.matrix import TRUE_FAKE, Proof, ProvedCase, ProvedDeviant
from contracts.suite import results
from contracts.suite.vocabulary import Level, Status

AREAS = ("api", "retries", "deliveries", "time")


def proof_of(cases: int, deviants: int) -> Proof:
    """Return a proof without faults, in which some cases catch more than they name."""
    columns = [
        ProvedDeviant(f"{area}-deviant-{number}", area, f"Breaks rule {number} of {area}.")
        for number in range(deviants)
        for area in [AREAS[number % len(AREAS)]]
    ]
    rows = [
        ProvedCase(
            id=f"PB-{AREAS[number % len(AREAS)].upper()}-CASE-{number}",
            title=f"What is promised as number {number} is so, whatever else happens",
            area=AREAS[number % len(AREAS)],
            level=(Level.MUST, Level.SHOULD)[number % 5 == 4],
            catches=[column.name for place, column in enumerate(columns) if place % cases == number]
            or [columns[number % deviants].name],
        )
        for number in range(cases)
    ]
    cells = {
        column.name: {
            row.id: Status.FAIL
            if column.name in row.catches or (place * 7 + position) % 11 == 0
            else Status.PASS
            for position, row in enumerate(rows)
        }
        for place, column in enumerate(columns)
    }
    cells[TRUE_FAKE] = {row.id: Status.PASS for row in rows}
    return Proof(results.FORMAT, "0.1.0", rows, columns, cells)


def with_faults() -> Proof:
    """Return a proof that is none: a deviant gets away, a case breaks, another one is unsure."""
    proof = proof_of(6, 6)
    first, second, third = proof.cases[:3]
    proof.cells[first.catches[0]][first.id] = Status.PASS
    proof.cells[second.catches[0]][second.id] = Status.ERROR
    proof.cells[TRUE_FAKE][third.id] = Status.WARN
    del proof.cells[third.catches[0]][proof.cases[5].id]
    return proof


NOTHING = Proof(results.FORMAT, "0.1.0", [], [], {TRUE_FAKE: {}})
EVERY_PROOF = {
    "small": proof_of(5, 7),
    "large": proof_of(90, 60),
    "faulty": with_faults(),
    "nothing": NOTHING,
}
