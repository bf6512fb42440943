"""A load is added up from what its master says, and ended for every reason there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver.load.outcomes import Second, Totals
from mockserver.load.result import End, LoadResult
from mockserver.load.run import LoadRun
from mockserver.load.stopping import condition_of


class Script:
    """A crew whose master says what is written; an exception is raised."""

    def __init__(self, *lines: list[Mapping[str, Any]] | BaseException) -> None:
        self.lines = list(lines)
        self.is_gone = False
        self.stopped = False

    def hear(self, seconds: float) -> list[Mapping[str, Any]]:
        if not self.lines:
            self.is_gone = True
            return []
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    def stop(self) -> None:
        self.stopped = True


def came(part: int) -> dict[str, Any]:
    return {"kind": "came", "part": part, "host": "here", "pid": 100 + part}


def report(good: int, bad: int = 0, second: int = 0) -> dict[str, Any]:
    ends = {"2xx": good, "5xx": bad}
    made = Totals({second: Second(planned=good + bad, sent=good + bad, reached=good, ends=ends)})
    made.statuses = {"200": good, "503": bad}
    return {"kind": "report", "part": 0, "totals": made.as_json()}


BEGAN, OVER = {"kind": "began"}, {"kind": "over"}
ENDED = {"kind": "ended", "part": 0, "trouble": ""}


def run(script: Script, expected: int = 10, **options: Any) -> LoadResult:
    return LoadRun(script, expected, **options).run()  # type: ignore[arg-type]


def test_it_adds_up_what_is_reported() -> None:
    script = Script([came(0), BEGAN], [report(3), report(4, 1)], [report(2), ENDED, OVER])
    result = run(script)
    assert (result.end, result.exit_code) == (End.DONE, 0)
    assert (result.totals.delivered, result.totals.failed) == (9, 1)
    assert result.began_at is not None
    assert result.workers[0].state == "done"
    assert not script.stopped


def test_a_worker_that_left_before_the_beginning_can_be_replaced() -> None:
    result = run(Script([came(0), {"kind": "left", "pid": 100}, came(0)], [BEGAN, ENDED, OVER]))
    assert list(result.workers) == [0]


def test_what_happens_to_workers_is_told_and_kept() -> None:
    told: list[str] = []
    script = Script(
        [came(0), came(1), {"kind": "refused", "why": "too old"}, BEGAN],
        [{"kind": "lost", "part": 1}, {**ENDED, "trouble": "boom"}, OVER],
    )
    result = run(script, on_said=lambda said: told.append(said["kind"]))
    assert told == ["came", "came", "refused", "began", "lost", "ended", "over"]
    assert (result.workers[1].state, result.workers[0].trouble) == ("lost", "boom")
    assert result.refused == ["too old"]
    assert result.exit_code == 1


def test_a_worker_that_was_only_silent_is_no_longer_lost() -> None:
    script = Script(
        [came(0), BEGAN, {"kind": "lost", "part": 0}], [{"kind": "back", "part": 0}, ENDED, OVER]
    )
    result = run(script)
    assert (result.lost, result.exit_code) == ([], 0)


def test_ctrl_c_ends_it_with_the_last_report() -> None:
    script = Script([came(0), BEGAN, report(3)], KeyboardInterrupt(), [report(2), OVER])
    result = run(script)
    assert script.stopped
    assert (result.end, result.exit_code, result.totals.delivered) == (End.INTERRUPTED, 130, 5)
    assert sum(result.unsent.values()) == 5


def test_ctrl_c_ends_it_also_if_nobody_says_anything() -> None:
    result = run(Script(KeyboardInterrupt()))
    assert (result.end, result.exit_code) == (End.INTERRUPTED, 130)


@pytest.mark.parametrize("kind", ["failed", "unwilling"])
def test_what_the_master_cannot_do_is_told(kind: str) -> None:
    result = run(Script([{"kind": kind, "why": "no room"}]))
    assert (result.end, result.exit_code, result.why) == (End.FAILED, 3, "no room")


def test_a_master_that_is_gone_is_told() -> None:
    result = run(Script([came(0), BEGAN, report(3)]))
    assert (result.end, result.totals.delivered) == (End.FAILED, 3)
    assert "the master has ended" in result.why


def test_a_condition_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(1000))
    monkeypatch.setattr("mockserver.load.run.real_seconds", lambda: float(next(seconds)))
    progress: list[float] = []
    script = Script([came(0), BEGAN], [report(0, 100)], *[[] for _ in range(20)], [OVER])
    result = run(
        script,
        1000,
        conditions=[condition_of("errors>1%")],
        on_progress=lambda result: progress.append(result.real_seconds),
    )
    assert script.stopped
    assert (result.end, result.why, result.exit_code) == (
        End.STOPPED,
        "errors>1% (--stop-when)",
        1,
    )
    assert progress
