"""Reports are kept whole, the newest of them, and found by their ids alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

import pytest

from mockserver.reports import shelf as shelf_module
from mockserver.reports.shelf import ReportsUnusable, Shelf, UnknownReport, verdict_of
from tests.reports.samples import FACTS, facts


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "state" / "reports")


def test_what_was_kept_is_listed_and_read(shelf: Shelf) -> None:
    assert shelf.listed() == []
    report_id = shelf.keep(FACTS, "<!doctype html>é\ud800")
    assert report_id.startswith("20260101T123000Z-")
    (kept,) = shelf.listed()
    assert (kept.id, kept.facts) == (report_id, FACTS)
    assert shelf.page(report_id) == b"<!doctype html>\xc3\xa9\\ud800"
    assert shelf.path(report_id).read_bytes() == shelf.page(report_id)


def test_the_newest_comes_first_wherever_its_run_was_begun(shelf: Shelf) -> None:
    east = timezone(timedelta(hours=9))
    late = shelf.keep(facts(started_at=datetime(2026, 1, 1, 13, tzinfo=UTC)), "")
    early = shelf.keep(facts(started_at=datetime(2026, 1, 1, 21, tzinfo=east)), "")
    assert [kept.id for kept in shelf.listed()] == [late, early]


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_its_user_alone_may_read_it(shelf: Shelf) -> None:
    before = os.umask(0)
    try:
        report_id = shelf.keep(FACTS, "page")
    finally:
        os.umask(before)
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in shelf.folder.iterdir()} == {0o600}
    assert len(list(shelf.folder.iterdir())) == 2
    assert shelf.path(report_id).name == f"{report_id}.html"


def test_only_so_many_are_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "MOST_KEPT", 3)
    ids = [shelf.keep(facts(started_at=FACTS.started_at + hours), "page") for hours in hours_on(5)]
    assert [kept.id for kept in shelf.listed()] == ids[:1:-1]
    assert len(list(shelf.folder.iterdir())) == 6


@pytest.mark.parametrize(("page", "kept"), [("x" * 600, 2), ("x" * 5000, 1)])
def test_they_take_only_so_much_room(
    page: str, kept: int, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "MOST_BYTES", 2000)
    ids = [shelf.keep(facts(started_at=FACTS.started_at + hours), page) for hours in hours_on(4)]
    assert [each.id for each in shelf.listed()] == ids[: -kept - 1 : -1]


def test_the_newest_stays_though_its_run_began_before_all_others(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "MOST_KEPT", 1)
    shelf.keep(FACTS, "")
    slow = shelf.keep(facts(started_at=FACTS.started_at - timedelta(hours=1)), "")
    assert slow in [kept.id for kept in shelf.listed()]


def hours_on(number: int) -> Iterator[timedelta]:
    return (timedelta(hours=each) for each in range(number))


def test_a_report_is_forgotten(shelf: Shelf) -> None:
    gone, stays = shelf.keep(FACTS, "one"), shelf.keep(FACTS, "two")
    shelf.forget(gone)
    assert [kept.id for kept in shelf.listed()] == [stays]
    with pytest.raises(UnknownReport):
        shelf.page(gone)
    with pytest.raises(UnknownReport):
        shelf.forget(gone)


@pytest.mark.parametrize(
    "report_id",
    ["", "..", "../secret", "20260101T123000Z-0000000G", "20260101T123000Z-00000000\n",
     "20260101T123000Z-00000000/../../secret", "/etc/passwd", "x" * 10_000, "\x00"],
)  # fmt: skip
def test_only_what_is_written_as_an_id_is_looked_for(report_id: str, shelf: Shelf) -> None:
    shelf.keep(FACTS, "page")
    (shelf.folder.parent / "secret.html").write_text("secret")
    for ask in (shelf.page, shelf.path, shelf.forget):
        with (
            mock.patch.object(Path, "open", side_effect=AssertionError),
            mock.patch.object(Path, "unlink", side_effect=AssertionError),
            pytest.raises(UnknownReport) as refused,
        ):
            ask(report_id)
        assert len(str(refused.value)) < 400
    assert (shelf.folder.parent / "secret.html").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"command": 1}', b"\xff\xfe", b"null"]
)
def test_what_is_none_of_ours_is_left_out(content: bytes, shelf: Shelf) -> None:
    stays = shelf.keep(FACTS, "page")
    for name in ("20260101T123000Z-00000000.json", "notes.json", ".20260101T123000Z-0.json"):
        (shelf.folder / name).write_bytes(content)
    (shelf.folder / "20260101T123000Z-11111111.json").mkdir()
    assert [kept.id for kept in shelf.listed()] == [stays]


def test_where_nothing_can_be_written_it_is_said_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportsUnusable, match="POSTBACKS_REPORTS=none"):
        Shelf(tmp_path / "file").keep(FACTS, "page")
    with pytest.raises(ReportsUnusable, match="cannot be read"):
        Shelf(tmp_path / "file").listed()


def test_a_full_disk_leaves_nothing_behind(shelf: Shelf) -> None:
    shelf.keep(FACTS, "page")
    with (
        mock.patch.object(os, "replace", side_effect=OSError(28, "No space left on device")),
        pytest.raises(ReportsUnusable, match="No space left"),
    ):
        shelf.keep(FACTS, "page")
    assert len(list(shelf.folder.iterdir())) == 2


def test_a_target_of_any_length_does_not_fill_a_list(shelf: Shelf) -> None:
    shelf.keep(facts(target="x" * 100_000), "page")
    assert len(shelf.listed()[0].facts.target) == 2_000


def test_many_write_at_once(shelf: Shelf) -> None:
    threads = [threading.Thread(target=shelf.keep, args=(FACTS, "page")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shelf.listed()) == 20


@pytest.mark.parametrize(
    ("exit_code", "verdict"),
    [(0, "passed"), (1, "failed"), (3, "unreachable"), (130, "interrupted"), (-9, "ended with -9"),
     (77, "ended with 77")],
)  # fmt: skip
def test_a_verdict_is_words(exit_code: int, verdict: str) -> None:
    assert verdict_of(exit_code) == verdict
