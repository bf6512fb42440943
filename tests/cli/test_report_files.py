"""Files of reports are looked at before a run, and written after it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from mockserver.cli.report_files import files_of, write_file
from mockserver.core.errors import InvalidConfig

FORMATS = ("html", "json")


def test_each_report_has_a_format_and_a_file(tmp_path: Path) -> None:
    page, document = tmp_path / "page.html", tmp_path / "a=b.json"
    assert files_of([f"html={page}", f"json={document}"], FORMATS) == [
        ("html", page),
        ("json", document),
    ]
    assert not page.exists()
    assert files_of([], FORMATS) == []


@pytest.mark.parametrize("report", ["html", "html=", "=x", "pdf=x", ""])
def test_what_is_no_format_and_file_is_wrong_usage(report: str) -> None:
    with pytest.raises(click.UsageError, match="FORMAT=FILE with one of html, json, got"):
        files_of([report], FORMATS)


def test_two_reports_do_not_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="two reports would be written to"):
        files_of([f"html={tmp_path}/x", f"json={tmp_path}/x"], FORMATS)


def test_a_file_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    for path in (tmp_path, tmp_path / "missing" / "x", tmp_path / "plain" / "x"):
        with pytest.raises(InvalidConfig, match="is its folder there, and writable"):
            files_of([f"json={path}"], FORMATS)


def test_lines_end_alike_everywhere_and_a_failure_is_a_line(tmp_path: Path) -> None:
    write_file(tmp_path / "x", "ü\n")
    assert (tmp_path / "x").read_bytes() == b"\xc3\xbc\n"
    with pytest.raises(InvalidConfig, match=r"^cannot write the report .*: Is a directory$"):
        write_file(tmp_path, "")
