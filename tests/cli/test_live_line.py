"""How a load goes is seen with a terminal and without."""

from __future__ import annotations

import pytest

from mockserver.cli.live_line import LiveLine, line_of
from mockserver.load.outcomes import Second, Totals
from mockserver.load.result import LoadResult


def result(seconds: float = 3.2) -> LoadResult:
    totals = Totals(
        {n: Second(planned=10, sent=10, reached=9, ends={"2xx": 9, "5xx": 1}) for n in range(4)}
    )
    for second in totals.seconds.values():
        second.latency.record(20_000, 10)
    totals.statuses = {"200": 36, "503": 4}
    totals.unsent = {"late": 5}
    return LoadResult(100, totals=totals, real_seconds=seconds)


def test_it_has_rate_p99_failures_and_what_is_left() -> None:
    assert line_of(result()) == "3 s  9/s answered 2xx  p99 20ms  9 failed or not sent  55 left"
    assert line_of(LoadResult(5)).endswith("0 failed or not sent  5 left")


def test_without_a_terminal_it_comes_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveLine() as line:
        for second in range(12):
            line.show(result(float(second)))
        line.tell("LOST  worker 1")
    said = capsys.readouterr().err.splitlines()
    assert [each.split(" ")[0] for each in said] == ["5", "10", "LOST"]


def test_on_a_terminal_it_is_rewritten_and_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    with LiveLine() as line:
        line.show(result())
        line.show(result(4.0))
        line.tell("LOST")
    said = capsys.readouterr().err
    assert said.count("\r\x1b[K") == 3
    assert said.endswith("\r\x1b[KLOST\n")
    assert all(len(each.removeprefix("\x1b[K")) < 30 for each in said.split("\r"))
