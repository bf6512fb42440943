"""What the deviants about encoding do otherwise."""

from collections.abc import Callable

import pytest

from .acting import Actor, Probe, compare, name_of, prove


def _written(user_id: str) -> Callable[[Actor], str]:
    return lambda actor: actor.filled("?u={{User ID}}", user_id=user_id).removeprefix("?u=")


PROBES = (
    Probe("space-as-plus", _written("a b+c"), "a%20b%2Bc", "a+b%2Bc"),
    Probe("plus-left-alone", _written("a b+c"), "a%20b%2Bc", "a%20b+c"),
    Probe("double-encoding", _written("a b"), "a%20b", "a%2520b"),
    Probe("no-encoding", _written("a b&c=d"), "a%20b%26c%3Dd", "a b&c=d"),
    Probe("non-ascii-as-latin-1", _written("é/€"), "%C3%A9%2F%E2%82%AC", "%E9%2F%3F"),
    Probe("tilde-encoded", _written("a~b"), "a~b", "a%7Eb"),
    Probe("lower-case-hex", _written("a+/é"), "a%2B%2F%C3%A9", "a%2b%2f%c3%a9"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_letters_and_digits_stay(probe: Probe) -> None:
    look = _written("Ada-1._")
    compare(Probe(probe.name, look, "Ada-1._", "Ada-1._"))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("space-as-plus", "%7B%22a%22%3A%22b+~%22%7D"),
        ("double-encoding", "%257B%2522a%2522%253A%2522b%2520~%2522%257D"),
        ("tilde-encoded", "%7B%22a%22%3A%22b%20%7E%22%7D"),
    ],
)
def test_parameters_are_encoded_the_same_way(name: str, written: str) -> None:
    def look(actor: Actor) -> str:
        event = {"parameters": {"a": "b ~"}}
        return actor.filled("?{{Parameters}}", "email.click", **event)

    compare(Probe(name, look, "?%7B%22a%22%3A%22b%20~%22%7D", f"?{written}"))
