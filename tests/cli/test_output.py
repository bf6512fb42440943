"""How values are written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.cli.output import Output, count, elapsed, instant, offset
from mockserver.net.visible_text import one_line

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "+0h"),
        (3600, "+1h"),
        (65 * 3600, "+65h"),
        (3630, "+1h00m30s"),
        (3660, "+1h01m"),
        (90, "+1m30s"),
        (30, "+30s"),
        (-3600, "-1h"),
        (0.4, "+0h"),
        (3599.9999999, "+1h"),
    ],
)
def test_offsets_are_in_hours(seconds: float, shown: str) -> None:
    assert offset(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (30, "30s"), (29.9, "29.9s"), (0.0042, "4.2ms")]
)
def test_elapsed(seconds: float, shown: str) -> None:
    assert elapsed(seconds) == shown


def test_instants() -> None:
    assert instant(START) == "2026-01-01 00:00:00"
    assert instant(START + timedelta(milliseconds=29)) == "2026-01-01 00:00:00.029"
    assert instant(None) == "-"


def test_numbers_with_their_noun() -> None:
    assert (count(1, "attempt"), count(0, "attempt")) == ("1 attempt", "0 attempts")
    assert count(2, "delivery", "deliveries") == "2 deliveries"


def test_what_could_steer_a_terminal_is_made_visible() -> None:
    assert one_line("a\x1b[2Jb\r\n\u202e ü") == "a\\x1b[2Jb\\r\\n\\u202e ü"
    assert one_line("[bold]:smile:") == "[bold]:smile:"


@pytest.mark.parametrize(
    "odd", ["\u009b2J", "\u202e", "\x7f", "\u2028", "\U000e0001", "\x1b", "\r"]
)
def test_json_never_steers_a_terminal_and_stays_the_same(
    odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for write in (Output(as_json=True).document, Output(as_json=True).document_line):
        write({"name": f"a{odd}ü\n"})
        written = capsys.readouterr().out
        assert odd not in written
        assert "ü" in written
        assert json.loads(written) == {"name": f"a{odd}ü\n"}


def test_a_table_in_a_pipe_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).table(["NAME", "TEXT"], [["a", "word " * 40], ["b", "x" * 300]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [line.rstrip() for line in lines] == lines
    assert "x" * 300 in lines[2]
