"""The proof: every case against every deviant, in parallel and in memory.

Decides: how the kill matrix is filled. Place in the flow: beside a run; it says what a run
is worth. Must not import: pytest, reports, click.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.resources import files

import msgspec

import mockserver
from contracts.deviants.catalogue import all_deviants, find_deviant
from contracts.deviants.world import FAITHFUL, FAITHFUL_WITH_SOCKETS, Deviant, World
from contracts.generated import Effort, keep_nothing
from contracts.matrix import TRUE_FAKE, Proof, ProvedCase, ProvedDeviant
from contracts.registry import Case, all_cases
from contracts.results import FORMAT
from contracts.runner import run_case
from contracts.target import Names
from contracts.vocabulary import Status, TargetKind

#: The part of the generated examples that a case tries on deviants it does not name.
UNNAMED_SHARE = 0.1

#: Which cases caught which deviant, in the last proof that was written down.
LAST_PROOF = "last_proof.json"


def prove(
    deviants: Sequence[Deviant] | None = None,
    *,
    workers: int | None = None,
    on_column: Callable[[str], None] = lambda name: None,
) -> Proof:
    """Run every case against the fake and against deviants; return the matrix.

    Args:
        deviants: All of them unless told.
        workers: How many processes; as many as there are processors unless told.
        on_column: Told of each deviant as it is done.
    """
    chosen = all_deviants() if deviants is None else deviants
    names = [TRUE_FAKE, *(deviant.name for deviant in chosen)]
    cells: dict[str, dict[str, Status]] = {}
    # Not forked: a deviant replaces names of modules, and no other thread may be half way.
    context = multiprocessing.get_context("spawn")
    count = min(workers or os.cpu_count() or 1, len(names))
    with ProcessPoolExecutor(count, mp_context=context, initializer=keep_nothing) as pool:
        futures = {pool.submit(column, name): name for name in names}
        for future in as_completed(futures):
            cells[futures[future]] = future.result()
            on_column(futures[future])
    return matrix_of(chosen, {name: cells[name] for name in names})


def matrix_of(deviants: Sequence[Deviant], cells: Mapping[str, dict[str, Status]]) -> Proof:
    """Return the matrix that these columns make."""
    return Proof(
        format=FORMAT,
        suite_version=mockserver.__version__,
        cases=[
            ProvedCase(case.id, case.title, case.area, case.level, list(case.catches))
            for case in provable_cases()
        ],
        deviants=[ProvedDeviant(item.name, item.area, item.change) for item in deviants],
        cells=dict(cells),
    )


def column(name: str) -> dict[str, Status]:
    """Return what every case says of one deviant, or of the fake itself."""
    if name == TRUE_FAKE:
        found = _statuses(FAITHFUL, provable_cases())
        skipped = [case for case in provable_cases() if found[case.id] is Status.SKIP]
        return found | _statuses(FAITHFUL_WITH_SOCKETS, skipped)
    return _statuses(find_deviant(name), provable_cases())


def provable_cases() -> list[Case]:
    """Return the cases that are about Leanplum's side."""
    return [case for case in all_cases() if TargetKind.FAKE in case.targets]


def last_proof() -> dict[str, list[str]]:
    """Return the ids of the cases that caught each deviant when it was last written down."""
    text = files("contracts").joinpath(LAST_PROOF).read_bytes()
    return msgspec.json.decode(text, type=dict[str, list[str]])


def written_down(proof: Proof) -> bytes:
    """Return what is kept of a proof: by deviant, the cases that name it and caught it."""
    caught = {
        deviant.name: [
            case.id
            for case in proof.cases
            if deviant.name in case.catches and case.id in proof.catchers(deviant.name)
        ]
        for deviant in proof.deviants
    }
    return msgspec.json.format(msgspec.json.encode(caught), indent=1) + b"\n"


def _statuses(deviant: Deviant, cases: Sequence[Case]) -> dict[str, Status]:
    found: dict[str, Status] = {}
    names = Names()
    with World(deviant) as world:
        for case in cases:
            share = 1.0 if deviant is FAITHFUL or deviant.name in case.catches else UNNAMED_SHARE
            effort = Effort(shrink=False, share=share)
            found[case.id] = run_case(case, world, effort, names).status
    return found
