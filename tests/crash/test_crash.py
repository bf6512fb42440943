"""A little of every scenario of `python -m tests.crash`."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.crash import scenarios

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


def test_a_lock(tmp_path: Path) -> None:
    account = scenarios.locks(tmp_path, 0.3, 1)
    assert account.is_right, account


def test_damages(tmp_path: Path) -> None:
    assert scenarios.damages(tmp_path) == []
