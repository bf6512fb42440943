"""What keeps a matrix from being a proof."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.proof.matrix import (
    CAUGHT,
    TRUE_FAKE,
    Proof,
    ProvedCase,
    ProvedDeviant,
    encode,
)
from contracts.suite.vocabulary import Level, Status, TargetKind

CAP = ProvedCase("PB-RULES-CAP", "Three at most", "rules", Level.MUST, ["cap-of-two"])
MAY = ProvedCase("PB-API-MAY", "Either way", "api", Level.MAY, [])
TWO = ProvedDeviant("cap-of-two", "rules", "Two at most.")


def proof(**changes: Any) -> Proof:
    """Return a matrix without a fault, but for the changes."""
    cells = {
        TRUE_FAKE: {CAP.id: Status.PASS, MAY.id: Status.PASS},
        TWO.name: {CAP.id: Status.FAIL, MAY.id: Status.PASS},
    }
    plain: dict[str, Any] = {"cases": [CAP, MAY], "deviants": [TWO], "cells": cells}
    return Proof(format=1, suite_version="1", **(plain | changes))


def with_cell(deviant: str, case_id: str, status: Status) -> Proof:
    cells = proof().cells
    return proof(cells=cells | {deviant: cells[deviant] | {case_id: status}})


def with_cases(*cases: ProvedCase) -> Proof:
    return proof(cases=list(cases))


def test_a_proof_has_no_fault() -> None:
    assert proof().faults() == []


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PASS, Status.ERROR}))
def test_every_case_passes_on_the_true_fake(status: Status) -> None:
    assert with_cell(TRUE_FAKE, CAP.id, status).faults() == [
        f"PB-RULES-CAP is {status} on the true fake"
    ]


def test_a_deviant_that_no_case_names() -> None:
    stray = ProvedDeviant("stray", "rules", "Strays.")
    assert proof(deviants=[TWO, stray]).faults() == ["no case says that it catches stray"]


def test_a_deviant_that_does_not_exist() -> None:
    cap = msgspec.structs.replace(CAP, catches=["cap-of-two", "cap-of-ten"])
    told = "a case names the deviant cap-of-ten, which does not exist"
    assert told in with_cases(cap, MAY).faults()


def test_a_must_without_a_deviant() -> None:
    must = msgspec.structs.replace(MAY, level=Level.MUST)
    assert with_cases(CAP, must).faults() == ["PB-API-MAY is a MUST and names no deviant"]


@pytest.mark.parametrize("status", [Status.PASS, Status.SKIP])
def test_a_named_deviant_that_is_not_caught(status: Status) -> None:
    assert with_cell(TWO.name, CAP.id, status).faults() == [
        f"PB-RULES-CAP is {status} on cap-of-two, which it names"
    ]


def test_a_named_deviant_without_a_cell() -> None:
    cells = proof().cells | {TWO.name: {MAY.id: Status.PASS}}
    assert proof(cells=cells).faults() == ["PB-RULES-CAP is missing on cap-of-two, which it names"]


def test_a_deviant_whose_column_is_missing_is_a_fault() -> None:
    cells = {TRUE_FAKE: proof().cells[TRUE_FAKE]}
    assert proof(cells=cells).faults() != []


def test_a_matrix_without_the_true_fake_is_no_proof() -> None:
    cells = {TWO.name: proof().cells[TWO.name]}
    assert proof(cells=cells).faults() != []


def test_a_case_that_was_not_run_on_the_true_fake_is_a_fault() -> None:
    cells = proof().cells | {TRUE_FAKE: {CAP.id: Status.PASS}}
    assert proof(cells=cells).faults() != []


def test_an_error_of_the_case_is_no_catch() -> None:
    faults = with_cell(TWO.name, MAY.id, Status.ERROR).faults()
    assert faults == ["PB-API-MAY ended in an error of its own on cap-of-two"]
    faults = with_cell(TWO.name, CAP.id, Status.ERROR).faults()
    assert "PB-RULES-CAP is ERROR on cap-of-two, which it names" in faults


# Endpoints

ONCE = ProvedCase(
    "PB-REPEAT-ONCE", "Once", "repeat", Level.MUST, ["counts-twice"], TargetKind.ENDPOINT
)
FAST = ProvedCase("PB-ANSWER-FAST", "Fast", "answer", Level.SHOULD, [], TargetKind.ENDPOINT)
TWICE = ProvedDeviant("counts-twice", "repeat", "Counts twice.", TargetKind.ENDPOINT)


def endpoints(good: dict[str, dict[str, Status]], **changes: Any) -> Proof:
    """Return a matrix of endpoints in which the one deviant is caught."""
    cells = {TWICE.name: {ONCE.id: Status.FAIL, FAST.id: Status.PASS}, **good}
    plain: dict[str, Any] = {"cases": [ONCE, FAST], "deviants": [TWICE], "cells": cells}
    return Proof(format=1, suite_version="1", good=list(good), **(plain | changes))


WHOLE = {ONCE.id: Status.PASS, FAST.id: Status.PASS}


def test_a_proof_of_endpoints_needs_no_fake() -> None:
    assert endpoints({"good-one": WHOLE}).faults() == []


def test_a_good_endpoint_may_warn_and_skip_but_fail_no_must() -> None:
    slow = WHOLE | {FAST.id: Status.WARN}
    assert endpoints({"good-one": WHOLE, "good-slow": slow}).faults() == []
    apart = WHOLE | {ONCE.id: Status.SKIP}
    assert endpoints({"good-one": WHOLE, "good-apart": apart}).faults() == []
    bad = WHOLE | {ONCE.id: Status.FAIL}
    assert endpoints({"good-one": WHOLE, "good-bad": bad}).faults() == [
        "PB-REPEAT-ONCE is FAIL on the good good-bad"
    ]


@pytest.mark.parametrize("status", [Status.ERROR, Status.UNTESTABLE])
def test_on_a_good_endpoint_every_case_can_be_tried(status: Status) -> None:
    broken = WHOLE | {FAST.id: status}
    told = endpoints({"good-one": WHOLE, "good-odd": broken}).faults()
    assert told[0] == f"PB-ANSWER-FAST is {status} on the good good-odd"
    gone = {ONCE.id: Status.PASS}
    told = endpoints({"good-one": WHOLE, "good-gone": gone}).faults()
    assert told == ["PB-ANSWER-FAST is missing on the good good-gone"]


def test_each_case_passes_on_some_good_endpoint() -> None:
    apart = WHOLE | {ONCE.id: Status.SKIP}
    assert endpoints({"good-apart": apart}).faults() == [
        "PB-REPEAT-ONCE passes on no good endpoint"
    ]
    # Unless not all of them could be served here.
    left_out = {"good-other": "needs nginx"}
    assert endpoints({"good-apart": apart}, left_out=left_out).faults() == []


def test_a_deviant_that_was_left_out_is_no_fault() -> None:
    cells = {"good-one": WHOLE}
    proof = endpoints(cells, cells=cells, left_out={TWICE.name: "needs trustme"})
    assert proof.faults() == []
    assert endpoints(cells, cells=cells).faults() == [
        "PB-REPEAT-ONCE is missing on counts-twice, which it names"
    ]


def test_several_faults_are_told_at_once() -> None:
    stray = ProvedDeviant("stray", "rules", "Strays.")
    must = msgspec.structs.replace(MAY, level=Level.MUST)
    cells = with_cell(TRUE_FAKE, CAP.id, Status.FAIL).cells
    assert len(proof(cases=[CAP, must], deviants=[TWO, stray], cells=cells).faults()) == 3


def test_who_caught_a_deviant_is_told_in_the_order_of_the_cases() -> None:
    cells = proof().cells | {TWO.name: {MAY.id: Status.INFO, CAP.id: Status.WARN}}
    made = proof(cells=cells)
    assert made.catchers(TWO.name) == [CAP.id, MAY.id]
    assert made.catchers(TRUE_FAKE) == []
    assert made.catchers("unknown") == []


def test_what_counts_as_caught() -> None:
    assert {Status.FAIL, Status.WARN, Status.INFO, Status.UNTESTABLE} == CAUGHT


def test_a_proof_comes_back_as_it_was() -> None:
    assert msgspec.json.decode(encode(proof()), type=Proof) == proof()
