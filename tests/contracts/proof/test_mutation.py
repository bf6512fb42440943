"""What is made of the mutants that were judged, and what came of the last run."""

from __future__ import annotations

from contracts.proof.mutation import (
    EXCUSED,
    GAP,
    MutatedFolder,
    Mutation,
    Survivor,
    decode,
    encode,
    last_mutation,
)


def survivor(kind: str) -> Survivor:
    return Survivor("mockserver/core/retry.py", 7, "a < b", "a <= b", kind, "why")


MUTATION = Mutation(
    1,
    [
        MutatedFolder("core", 900, {"FAIL": 5, "WARN": 2}, [survivor("equivalent")]),
        MutatedFolder("delivery", 500, {"hung": 1}, [survivor(GAP), survivor("our own")]),
    ],
    closed=2,
)


def test_only_what_a_partner_could_see_counts() -> None:
    assert (MUTATION.drawn, MUTATION.seen, MUTATION.visible) == (11, 8, 9)
    assert MUTATION.score == 8 / 9
    assert [folder.drawn for folder in MUTATION.folders] == [8, 3]
    assert len(MUTATION.survivors(GAP)) == 1
    assert Mutation(1, []).score == 0


def test_what_nobody_has_explained_counts_as_a_gap() -> None:
    folder = MutatedFolder("core", 2, {"FAIL": 1}, [survivor("unexplained")])
    assert Mutation(1, [folder]).score == 0.5


def test_it_is_read_as_it_was_written() -> None:
    assert decode(encode(MUTATION)) == MUTATION


def test_the_last_run_has_a_reason_for_every_survivor() -> None:
    last = last_mutation()
    assert last.drawn >= 200
    kinds = {each.kind for folder in last.folders for each in folder.survivors}
    assert kinds <= {*EXCUSED, GAP}
    assert all(each.reason for folder in last.folders for each in folder.survivors)


def test_the_suite_sees_most_of_what_a_partner_could_see() -> None:
    assert last_mutation().score >= 0.85
