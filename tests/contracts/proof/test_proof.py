"""The proof itself: every case against every deviant, and what is written down of it."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from contracts.proof import matrix
from contracts.proof.catalog import all_deviants, fake_deviants, find_deviant
from contracts.proof.matrix import TRUE_FAKE, Proof
from contracts.proof.proof import (
    column,
    columns_for,
    last_proof,
    matrix_of,
    provable_cases,
    prove,
    reasons_to_leave_out,
    written_down,
)
from contracts.suite.registry import all_cases
from contracts.suite.vocabulary import Level, Status, TargetKind
from contracts.verify.endpoints import catalog as endpoint_catalog

every_deviant = pytest.mark.parametrize(
    "name", [deviant.name for deviant in all_deviants()], ids=str
)
every_good_one = pytest.mark.parametrize(
    "name", [good.name for good in endpoint_catalog.GOOD], ids=str
)
MISSING = reasons_to_leave_out([*endpoint_catalog.GOOD, *endpoint_catalog.DEVIANTS])


def skip_what_cannot_be_served(name: str) -> None:
    if name in MISSING:
        pytest.skip(MISSING[name])


# One test for each column, so that the workers of pytest-xdist share them.
@every_deviant
def test_a_deviant_is_caught_by_the_cases_that_name_it(name: str) -> None:
    skip_what_cannot_be_served(name)
    statuses = column(name)
    naming = [case.id for case in all_cases() if name in case.catches]
    assert naming, "no case says that it catches this one"
    assert {case_id for case_id in naming if statuses[case_id] not in matrix.CAUGHT} == set()
    assert [case_id for case_id, status in statuses.items() if status is Status.ERROR] == []
    assert sorted(last_proof()[name]) == sorted(naming), (
        "run `python -m contracts.proof.documentation`: what is written down of the proof is stale"
    )


def test_the_fake_itself_passes_every_case() -> None:
    statuses = column(TRUE_FAKE)
    assert {name for name, status in statuses.items() if status is not Status.PASS} == set()
    assert list(statuses) == [case.id for case in provable_cases()]


@every_good_one
def test_no_must_fails_on_a_good_endpoint(name: str) -> None:
    skip_what_cannot_be_served(name)
    statuses = column(name)
    cases = provable_cases(TargetKind.ENDPOINT)
    assert list(statuses) == [case.id for case in cases]
    assert {case_id for case_id, status in statuses.items() if status in matrix.NEVER_GOOD} == set()
    musts = [case.id for case in cases if case.level is Level.MUST]
    assert {case_id for case_id in musts if statuses[case_id] in matrix.CAUGHT} == set()


def test_there_are_thirty_broken_endpoints_and_more_and_six_good_ones() -> None:
    assert len(endpoint_catalog.DEVIANTS) >= 30
    assert len(endpoint_catalog.GOOD) >= 6
    names = [item.name for item in (*all_deviants(), *endpoint_catalog.GOOD)]
    assert len(set(names)) == len(names)
    areas = {case.area for case in provable_cases(TargetKind.ENDPOINT)}
    # What was recorded is refused by endpoints that are about something else.
    assert {deviant.area for deviant in endpoint_catalog.DEVIANTS} | {"recording"} == areas


def test_every_must_names_a_deviant_and_every_name_exists() -> None:
    for case in all_cases():
        assert case.catches or case.level is not Level.MUST, case.id
        for name in case.catches:
            find_deviant(name)


def test_the_areas_of_the_request_have_forty_deviants_and_more() -> None:
    assert len(fake_deviants()) >= 40
    assert {deviant.area for deviant in fake_deviants()} == {case.area for case in provable_cases()}


@cache
def small_proof() -> Proof:
    seen: list[str] = []
    proof = prove([find_deviant("cap-of-two")], workers=2, on_column=seen.append)
    assert sorted(seen) == sorted([TRUE_FAKE, "cap-of-two"])
    return proof


def test_a_proof_is_made_in_other_processes_and_keeps_the_order() -> None:
    proof = small_proof()
    assert list(proof.cells) == [TRUE_FAKE, "cap-of-two"]
    assert proof.cells[TRUE_FAKE] == column(TRUE_FAKE)
    assert "PB-RULES-CAP" in proof.catchers("cap-of-two")


def test_a_part_of_the_deviants_is_told_from_a_whole_proof() -> None:
    faults = small_proof().faults()
    assert not any("cap-of-two" in fault.split() for fault in faults)
    assert any("does not exist" in fault for fault in faults)


def test_endpoints_are_proved_beside_good_ones_and_without_the_fake() -> None:
    chosen = [find_deviant("counts-duplicates")]
    assert columns_for(chosen) == [
        *(good.name for good in endpoint_catalog.GOOD),
        "counts-duplicates",
    ]
    cells = {"good-flask": {"PB-REPEAT-ONCE": Status.PASS}, "counts-duplicates": {}}
    proof = matrix_of(chosen, cells, {"good-behind-nginx": "needs nginx, which this machine lacks"})
    assert {case.target for case in proof.cases} == {TargetKind.ENDPOINT}
    assert proof.good == ["good-flask"]
    assert [one.target for one in proof.deviants] == [TargetKind.ENDPOINT]
    assert proof.left_out == {"good-behind-nginx": "needs nginx, which this machine lacks"}


def test_what_is_kept_names_the_cases_that_say_they_catch_it() -> None:
    kept = msgspec.json.decode(written_down(small_proof()))
    naming = [case.id for case in provable_cases() if "cap-of-two" in case.catches]
    assert kept == {"cap-of-two": naming}


def test_a_matrix_is_a_document_that_can_be_read_again() -> None:
    proof = matrix_of([], {TRUE_FAKE: {"PB-RULES-CAP": Status.PASS}})
    assert msgspec.json.decode(matrix.encode(proof), type=Proof) == proof
