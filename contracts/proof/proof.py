"""Runs every case against every deviant, in several processes, to fill the kill matrix."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

import msgspec

from contracts.conformance.deviants.deviant_server import (
    FAITHFUL,
    FAITHFUL_WITH_SOCKETS,
    Deviant,
    DeviantServer,
)
from contracts.proof.catalog import AnyDeviant, all_deviants, find_deviant
from contracts.proof.matrix import TRUE_FAKE, Proof, ProvedCase, ProvedDeviant
from contracts.proof.workers import in_workers
from contracts.suite.generated import Effort, keep_nothing
from contracts.suite.registry import Case, all_cases
from contracts.suite.results import FORMAT
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status, TargetKind
from contracts.verify.endpoints import catalog as endpoint_catalog
from contracts.verify.endpoints.deviant_endpoint import (
    DeviantEndpoint,
    EndpointVariant,
    missing_needs,
)
from mockserver.core.errors import InvalidValue
from mockserver.version import __version__

#: The share of its generated examples that a case tries on deviants it does not name.
UNNAMED_SHARE = 0.1

#: The file that says which cases caught which deviant in the last proof.
LAST_PROOF = "last_proof.json"


def prove(
    deviants: Sequence[AnyDeviant] | None = None,
    *,
    workers: int | None = None,
    on_column: Callable[[str], None] = lambda name: None,
) -> Proof:
    """Run every case against deviants, the true fake and the good endpoints; return the matrix.

    Args:
        deviants: The deviants to try; all unless given.
        workers: How many processes; as many as there are processors unless given.
        on_column: Called with the name of each column when it is done.

    Raises:
        InvalidValue: There is no deviant to try.
    """
    chosen = all_deviants() if deviants is None else deviants
    if not chosen:
        raise InvalidValue("there is no deviant to try, and a proof over nothing is none")
    left_out = reasons_to_leave_out([*endpoint_catalog.GOOD, *chosen])
    names = [name for name in columns_for(chosen) if name not in left_out]
    cells: dict[str, dict[str, Status]] = {}
    # Everything may need what this machine lacks, and there is no pool of no process.
    count = max(1, min(workers or os.cpu_count() or 1, len(names)))
    for name, statuses in in_workers(column, names, workers=count, prepare=keep_nothing):
        cells[name] = statuses
        on_column(name)
    return matrix_of(chosen, {name: cells[name] for name in names}, left_out)


def columns_for(deviants: Sequence[AnyDeviant]) -> list[str]:
    """Return the names of all columns of a proof with these deviants."""
    kinds = {_target_of(deviant) for deviant in deviants}
    names = [TRUE_FAKE] if TargetKind.FAKE in kinds else []
    names += [good.name for good in endpoint_catalog.GOOD] if TargetKind.ENDPOINT in kinds else []
    return names + [deviant.name for deviant in deviants]


def reasons_to_leave_out(deviants: Sequence[AnyDeviant]) -> dict[str, str]:
    """Return why some of these cannot run on this machine, by their names."""
    missing = {
        deviant.name: missing_needs(deviant)
        for deviant in deviants
        if isinstance(deviant, EndpointVariant)
    }
    return {
        name: f"needs {' and '.join(names)}, which this machine lacks"
        for name, names in missing.items()
        if names
    }


def matrix_of(
    deviants: Sequence[AnyDeviant],
    cells: Mapping[str, dict[str, Status]],
    left_out: Mapping[str, str] | None = None,
) -> Proof:
    """Return the matrix of these columns.

    Args:
        deviants: The deviants of the proof, tried or not.
        cells: Statuses by column, then by case id.
        left_out: Why some were not tried, by their names.
    """
    kinds = {_target_of(deviant) for deviant in deviants} or {TargetKind.FAKE}
    return Proof(
        format=FORMAT,
        suite_version=__version__,
        cases=[
            ProvedCase(
                case.id,
                case.title,
                case.area,
                case.level,
                list(case.catches),
                TargetKind.ENDPOINT if TargetKind.ENDPOINT in case.targets else TargetKind.FAKE,
            )
            for kind in (TargetKind.FAKE, TargetKind.ENDPOINT)
            if kind in kinds
            for case in provable_cases(kind)
        ],
        deviants=[
            ProvedDeviant(item.name, item.area, item.change, _target_of(item)) for item in deviants
        ],
        cells=dict(cells),
        good=[good.name for good in endpoint_catalog.GOOD if good.name in cells],
        left_out=dict(left_out or {}),
    )


def column(name: str) -> dict[str, Status]:
    """Run every case against one deviant, `TRUE_FAKE`, or a good endpoint; return the statuses."""
    if name == TRUE_FAKE:
        found = _statuses(FAITHFUL, provable_cases())
        skipped = [case for case in provable_cases() if found[case.id] is Status.SKIP]
        return found | _statuses(FAITHFUL_WITH_SOCKETS, skipped)
    for good in endpoint_catalog.GOOD:
        if good.name == name:
            return _endpoint_statuses(good)
    deviant = find_deviant(name)
    if isinstance(deviant, EndpointVariant):
        return _endpoint_statuses(deviant)
    return _statuses(deviant, provable_cases())


def provable_cases(kind: TargetKind = TargetKind.FAKE) -> list[Case]:
    """Return the cases about Leanplum's side, or those about an endpoint."""
    return [case for case in all_cases() if kind in case.targets]


def last_proof() -> dict[str, list[str]]:
    """Return the ids of the cases that caught each deviant in the last proof."""
    text = files("contracts").joinpath(LAST_PROOF).read_bytes()
    return msgspec.json.decode(text, type=dict[str, list[str]])


def written_down(proof: Proof) -> bytes:
    """Return the file of a proof: for each deviant, the cases that name it and caught it."""
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
    with DeviantServer(deviant) as fake:
        for case in cases:
            share = 1.0 if deviant is FAITHFUL or deviant.name in case.catches else UNNAMED_SHARE
            effort = Effort(shrink=False, share=share)
            found[case.id] = run_case(case, fake, effort, names).status
    return found


def _endpoint_statuses(deviant: EndpointVariant) -> dict[str, Status]:
    found: dict[str, Status] = {}
    with DeviantEndpoint(deviant) as served:
        for case in provable_cases(TargetKind.ENDPOINT):
            share = 1.0 if deviant.name in case.catches else UNNAMED_SHARE
            effort = Effort(shrink=False, share=share)
            found[case.id] = run_case(case, served.endpoint, effort, Names()).status
    return found


def _target_of(deviant: AnyDeviant) -> TargetKind:
    return TargetKind.ENDPOINT if isinstance(deviant, EndpointVariant) else TargetKind.FAKE
