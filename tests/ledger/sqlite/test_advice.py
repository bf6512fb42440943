"""What is said of an error of SQLite is what can be done about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.ledger.sqlite.advice import advice

ROOMY = {"f_bavail": 1_000_000, "f_frsize": 4096, "f_files": 1000, "f_favail": 500}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("database is locked", "another program is writing to it, stop that one"),
        ("database or disk is full", "free some space"),
        ("attempt to write a readonly database", "it must be possible to write to the file"),
        ("unable to open database file", "it must be possible to write to the file"),
        ("disk I/O error", "choose another file, or restore this one"),
        ("database disk image is malformed", "choose another file, or restore this one"),
    ],
)
@pytest.mark.parametrize("place", [None, Path("/")], ids=["memory", "file"])
def test_what_to_do(
    monkeypatch: pytest.MonkeyPatch, reason: str, expected: str, place: Path | None
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**ROOMY))
    said = advice(reason, place)
    assert said.startswith(f"{reason}; ")
    assert expected in said


@pytest.mark.parametrize("reason", ["disk I/O error", "unable to open database file"])
@pytest.mark.parametrize(
    ("little", "is_full"),
    [
        ({"f_bavail": 0}, True),
        ({"f_bavail": 15}, True),
        ({"f_bavail": 16}, False),
        ({"f_favail": 0}, True),
        # Some file systems do not count their files.
        ({"f_favail": 0, "f_files": 0}, False),
    ],
)
def test_a_disk_that_is_full_is_said_where_sqlite_does_not(
    monkeypatch: pytest.MonkeyPatch, reason: str, little: dict[str, int], is_full: bool
) -> None:
    asked = []
    found = SimpleNamespace(**ROOMY | little)
    monkeypatch.setattr(os, "statvfs", lambda path: asked.append(path) or found)
    said = advice(reason, Path("/place/ledger.db"))
    assert ("the disk is full; free some space" in said) is is_full
    assert asked == [Path("/place")]


def test_a_folder_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(os, "statvfs", gone)
    assert "choose another file" in advice("disk I/O error", Path("/gone/ledger.db"))


@pytest.mark.parametrize("left", [0, 3, 4])
def test_that_no_more_files_can_be_opened_is_said_and_none_stays_open(
    monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    opened: list[int] = []
    take = os.open

    def limited(*arguments: Any) -> int:
        if len(opened) == left:
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(take(*arguments))
        return opened[-1]

    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**ROOMY))
    monkeypatch.setattr(os, "open", limited)
    said = advice("unable to open database file", Path("/place/ledger.db"))
    assert ("raise `ulimit -n`" in said) is (left < 4)
    assert len(opened) == left
    for each in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(each)
