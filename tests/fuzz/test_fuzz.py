"""A short run of the fuzzer, and that it would notice."""

from __future__ import annotations

from tests.fuzz.inputs import Input, input_of
from tests.fuzz.run import Failure, Result, attack, complaints
from tests.fuzz.served import Look, target

LOOK = Look(20, 30, 80)


def test_nothing_that_a_client_sends_breaks_a_sandbox() -> None:
    with target() as attacked:
        result = attack(attacked, 1, range(800))
    assert complaints(result) == []
    assert result.connections == 800


def test_a_seed_is_worth_a_run() -> None:
    assert [input_of(7, number) for number in range(50)] == [input_of(7, n) for n in range(50)]
    assert input_of(7, 1) != input_of(8, 1)
    sent = [input_of(7, number) for number in range(200)]
    assert {given.to_receiver for given in sent} == {True, False}


def test_it_tells_what_fell_and_how_to_see_it_again() -> None:
    failure = Failure(3, 5, "answered b'HTTP/1.1 500 '", Input(False, [b"GET / HTTP/1.1\r\n"]))
    said = complaints(Result(9, [failure], LOOK, Look(20, 400, 300)))
    assert "python -m tests.fuzz --seed 3 --only 5" in said[0]
    assert "GET / HTTP/1.1" in said[0]
    assert said[1:] == ["descriptors grew from 30 to 400", "memory grew from 80 to 300"]
