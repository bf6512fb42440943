"""A little of every scenario of `python -m tests.crash`."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.crash import scenarios
from tests.crash.full_disk import full_disk
from tests.crash.small_disk import small_disk

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux changes limits of another process"
)


def test_kills(tmp_path: Path) -> None:
    account = scenarios.kills(tmp_path, 2, seed=1)
    assert account.is_right, account
    assert account.acknowledged


def test_a_full_disk(tmp_path: Path) -> None:
    account = scenarios.full_disk(tmp_path, 1)
    assert account.is_right, account
    assert account.refused >= 5


@pytest.fixture
def mountable(tmp_path: Path) -> None:
    place = tmp_path / "tried"
    place.mkdir()
    try:
        with small_disk(place, 2**20):
            pass
    except OSError as error:
        pytest.skip(f"{error}: root or user namespaces are needed")


@pytest.mark.usefixtures("mountable")
def test_a_disk_that_is_full_at_any_moment(tmp_path: Path) -> None:
    account = full_disk(tmp_path, 2, seed=1)
    assert account.is_right, account
    assert account.refused
    assert account.acknowledged


def test_a_lock(tmp_path: Path) -> None:
    account = scenarios.locks(tmp_path, 0.3, 1)
    assert account.is_right, account


def test_damages(tmp_path: Path) -> None:
    assert scenarios.damages(tmp_path) == []
