"""Tests that a file that a user names is read to its end, and a device is not read for ever."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mockserver.net import user_file
from mockserver.net.user_file import read_user_file


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(user_file, "MOST_BYTES", 100)
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert read_user_file(path) == b"x" * size


def test_a_larger_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_file, "MOST_BYTES", 100)
    path = tmp_path / "file"
    path.write_bytes(b"x" * 101)
    with pytest.raises(OSError, match="large") as raised:
        read_user_file(path)
    assert raised.value.errno == errno.EFBIG


def test_one_that_is_not_there_or_a_folder_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_user_file(tmp_path / "none")
    with pytest.raises(OSError, match=str(tmp_path)):
        read_user_file(tmp_path)
