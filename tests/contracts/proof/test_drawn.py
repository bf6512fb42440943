"""Fakes that are drawn: the same for the same seed, broken each, and caught by one run."""

from __future__ import annotations

import re

import pytest

from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.deviants.drawn import drawn_by_name, drawn_deviant
from contracts.proof.catalog import UnknownDeviant, find_deviant
from contracts.proof.drawn import first_catcher, last_draw, names_of, prove_drawn, written_down
from contracts.proof.matrix import Draw, DrawnDeviant
from tests.contracts.conformance.deviants.acting import Actor

KINDS = 25


@pytest.mark.parametrize("number", range(2 * KINDS))
def test_it_is_described_and_lives(number: int) -> None:
    deviant = drawn_deviant(3, number)
    assert deviant.name == f"drawn-3-{number}"
    assert re.fullmatch(r".{10,110}\.", deviant.change), deviant.change
    with DeviantServer(deviant) as fake:
        assert Actor(fake).control.health().status == "ok"


def test_a_seed_draws_the_same_again_and_another_one_others() -> None:
    first, again, other = (
        [drawn_deviant(seed, number).change for number in range(60)] for seed in (7, 7, 8)
    )
    assert first == again
    assert sum(one == two for one, two in zip(first, other, strict=True)) < 12
    assert len(set(first)) > 50


def test_it_is_found_by_its_name() -> None:
    assert find_deviant("drawn-7-12").change == drawn_deviant(7, 12).change
    assert drawn_by_name("drawn-7") is None
    with pytest.raises(UnknownDeviant):
        find_deviant("drawn-7-")


@pytest.mark.parametrize("number", [1, 13, 15, 18, 22])
def test_a_drawn_fake_is_caught(number: int) -> None:
    assert first_catcher(f"drawn-11-{number}").startswith("PB-")


def test_a_draw_is_proved_in_processes() -> None:
    columns: list[str] = []
    draw = prove_drawn(5, 2, workers=1, on_column=columns.append)
    assert columns == names_of(5, 2) == [each.name for each in draw.deviants]
    assert draw.rate == "2 of 2 drawn with seed 5"


def test_who_gets_away_is_told() -> None:
    caught = DrawnDeviant("drawn-1-0", "retry", "One.", "PB-RETRY-COUNT")
    missed = DrawnDeviant("drawn-1-1", "retry", "Other.", "")
    draw = Draw(1, [caught, missed])
    assert (draw.missed, draw.rate) == ([missed], "1 of 2 drawn with seed 1")
    assert b"drawn-1-1" in written_down(draw)


def test_the_last_draw_is_that_of_the_page() -> None:
    assert [each.name for each in last_draw().deviants] == names_of(1, 200)
