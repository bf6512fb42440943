"""The file of known deviations: what it may hold, what it excuses, and when it is stale."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.conformance.deviants.deviant_server import FAITHFUL, Deviant, DeviantServer
from contracts.proof.catalog import find_deviant
from contracts.suite.baseline import Baseline, Entry, read_baseline
from contracts.suite.registry import NothingSelected, find_case, select_cases
from contracts.suite.results import CaseResult, DeviationResult
from contracts.suite.run import ExitCode, Run, run_suite
from contracts.suite.vocabulary import CaseKind, Level, Origin, Status, TargetKind
from mockserver.core.errors import PostbacksError

CASE = "PB-RULES-CAP"
TODAY = date(2026, 6, 15)
YESTERDAY = date(2026, 6, 14)
TOMORROW = date(2026, 6, 16)
FAR = date(2999, 12, 31)

GOOD = {
    "case": '"PB-RULES-CAP"',
    "target": '"fake"',
    "reason": '"four places were sold"',
    "expires": "2999-12-31",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "known.toml"
    path.write_text(text, encoding="utf-8")
    return path


def entry_text(**changed: str | None) -> str:
    values = {name: value for name, value in (GOOD | changed).items() if value is not None}
    lines = "\n".join(f"{name} = {value}" for name, value in values.items())
    return f"[[deviation]]\n{lines}\n"


def refused(path: Path) -> str:
    """Return the one line that a wrong baseline is worth, with the exit code of wrong usage."""
    with pytest.raises(PostbacksError) as caught:
        read_baseline(path)
    assert caught.value.exit_code == ExitCode.USAGE
    message = str(caught.value)
    assert str(path) in message
    return message


def result(status: Status, case_id: str = CASE, level: Level = Level.MUST) -> CaseResult:
    deviated = status in (Status.FAIL, Status.WARN, Status.INFO)
    return CaseResult(
        id=case_id,
        title="A title",
        area="rules",
        level=level,
        origin=Origin.DOCUMENTED,
        kind=CaseKind.EXAMPLE,
        status=status,
        statements=[],
        fix="",
        deviation=DeviationResult("3", "4", "why") if deviated else None,
    )


def known(expires: date = TOMORROW, target: TargetKind = TargetKind.FAKE) -> Baseline:
    return Baseline((Entry(CASE, target, "four places were sold", expires),))


# The file


def test_a_baseline_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, entry_text())
    assert read_baseline(path).entries == (
        Entry(CASE, TargetKind.FAKE, "four places were sold", FAR),
    )


def test_the_target_is_the_fake_unless_told(tmp_path: Path) -> None:
    baseline = read_baseline(written(tmp_path, entry_text(target=None)))
    assert [entry.target for entry in baseline.entries] == [TargetKind.FAKE]


def test_ids_may_be_written_in_lower_case(tmp_path: Path) -> None:
    baseline = read_baseline(written(tmp_path, entry_text(case='"pb-rules-cap"')))
    assert [entry.case for entry in baseline.entries] == [CASE]


@pytest.mark.parametrize("text", ["", "# nothing is known\n", "deviation = []\n"])
def test_a_baseline_may_be_empty(tmp_path: Path, text: str) -> None:
    assert read_baseline(written(tmp_path, text)) == Baseline()


def test_the_same_case_may_be_known_at_two_targets(tmp_path: Path) -> None:
    text = entry_text() + entry_text(target='"real"')
    assert len(read_baseline(written(tmp_path, text)).entries) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (entry_text(reason=None), ["deviation 1", "reason"]),
        (entry_text(reason='"  "'), ["deviation 1", "reason"]),
        (entry_text(reason="3"), ["deviation 1", "reason"]),
        (entry_text(case=None), ["deviation 1", "case"]),
        (entry_text(expires=None), ["deviation 1", "expires", "2027-01-31"]),
        (entry_text(expires='"2999-12-31"'), ["expires", "without quotes"]),
        (entry_text(expires="2999-12-31T00:00:00Z"), ["expires", "2027-01-31"]),
        (entry_text(target='"prod"'), ["'prod'", "fake, real, partner"]),
        (entry_text(target="[]"), ["target", "fake, real, partner"]),
        (entry_text(resaon='"a"'), ["resaon", "case, target, reason, expires"]),
        (entry_text() + entry_text(reason=None, case='"PB-RULES-ID"'), ["deviation 2", "reason"]),
        (entry_text() + entry_text(), [CASE, "twice"]),
        (entry_text() + entry_text(case='"pb-rules-cap"'), [CASE, "twice"]),
        ("[[deviations]]\n", ["deviations", "[[deviation]]"]),
        ("[deviation]\n", ["[[deviation]]"]),
        ("deviation = [1]\n", ["deviation 1"]),
        ("[[deviation]\n", ["not TOML", "line 1"]),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, told: list[str]) -> None:
    message = refused(written(tmp_path, text))
    assert "\n" not in message
    for word in told:
        assert word in message


def test_an_unknown_case_is_told_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, entry_text() + entry_text(case='"PB-RULES-CAPP"'))
    with pytest.raises(NothingSelected) as caught:
        read_baseline(path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert "'PB-RULES-CAPP'" in str(caught.value)
    assert "did you mean 'PB-RULES-CAP'" in str(caught.value)
    assert f"deviation 2 of the baseline {path}" in str(caught.value)


def test_a_missing_file_a_folder_and_other_bytes_are_told(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "nowhere.toml")
    assert "directory" in refused(tmp_path).lower()
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[[deviation]]\nreason = '\xe9'\n")
    assert "not TOML" in refused(path)


# What it excuses


@pytest.mark.parametrize("status", [Status.FAIL, Status.WARN, Status.INFO])
def test_a_known_deviation_has_the_reason(status: Status) -> None:
    applied = known().applied(result(status), TargetKind.FAKE, TODAY)
    assert applied.known == "four places were sold"
    assert applied.status is status


@pytest.mark.parametrize("status", [Status.PASS, Status.SKIP, Status.ERROR])
def test_nothing_is_excused_where_nothing_deviates(status: Status) -> None:
    found = result(status)
    assert known().applied(found, TargetKind.FAKE, TODAY) == found


def test_an_entry_is_for_its_case_and_its_target() -> None:
    other = result(Status.FAIL, "PB-RULES-ID")
    assert known().applied(other, TargetKind.FAKE, TODAY).known == ""
    assert known().applied(result(Status.FAIL), TargetKind.REAL, TODAY).known == ""


def test_the_day_it_expires_is_the_last() -> None:
    for expires, reason in ((TODAY, "four places were sold"), (YESTERDAY, "")):
        applied = known(expires).applied(result(Status.FAIL), TargetKind.FAKE, TODAY)
        assert applied.known == reason


# When it is stale


def test_an_entry_whose_case_passes_is_stale() -> None:
    (told,) = known().stale([result(Status.PASS)], TargetKind.FAKE, TODAY)
    assert CASE in told
    assert "remove it from the baseline" in told


def test_an_expired_entry_is_stale_while_the_deviation_is_there() -> None:
    found = [result(Status.FAIL)]
    (told,) = known(YESTERDAY).stale(found, TargetKind.FAKE, TODAY)
    assert told == f"{CASE} was known until 2026-06-14: four places were sold"
    assert known(TODAY).stale(found, TargetKind.FAKE, TODAY) == []


@pytest.mark.parametrize("status", [Status.SKIP, Status.UNTESTABLE, Status.ERROR])
def test_what_could_not_be_tried_says_nothing_of_an_entry(status: Status) -> None:
    for expires in (YESTERDAY, TOMORROW):
        assert known(expires).stale([result(status)], TargetKind.FAKE, TODAY) == []


def test_an_entry_for_something_else_is_not_stale() -> None:
    assert known().stale([result(Status.PASS, "PB-RULES-ID")], TargetKind.FAKE, TODAY) == []
    assert known().stale([], TargetKind.FAKE, TODAY) == []
    assert known().stale([result(Status.PASS)], TargetKind.REAL, TODAY) == []


# A whole run


def run(deviant: Deviant, baseline: Baseline, *ids: str) -> Run:
    with DeviantServer(deviant) as fake:
        return run_suite(select_cases(ids or (CASE,)), fake, baseline=baseline)


def test_a_known_deviation_does_not_fail_a_run() -> None:
    deviant = find_deviant("cap-of-four")
    assert run(deviant, Baseline()).exit_code() is ExitCode.FAILED
    ended = run(deviant, known(FAR))
    assert ended.exit_code() is ended.exit_code(strict=True) is ExitCode.PASSED
    (found,) = ended.report.cases
    assert (found.status, found.known) == (Status.FAIL, "four places were sold")
    # Known or not, it is no conformance.
    assert (ended.report.summary.must_passed, ended.report.summary.must_applicable) == (0, 1)


def test_another_deviation_fails_it_all_the_same() -> None:
    ended = run(find_deviant("cap-of-four"), known(FAR), CASE, "PB-RULES-CAP-CONCURRENT")
    assert [case.known != "" for case in ended.report.cases] == [True, False]
    assert ended.exit_code() is ExitCode.FAILED


def test_a_deviation_that_is_gone_fails_a_run() -> None:
    ended = run(FAITHFUL, known(FAR))
    assert ended.report.summary.must_passed == 1
    assert len(ended.report.summary.stale) == 1
    assert ended.exit_code() is ExitCode.FAILED


def test_an_entry_whose_case_did_not_run_changes_nothing() -> None:
    ended = run(FAITHFUL, known(FAR), "PB-RULES-ID")
    assert ended.report.summary.stale == []
    assert ended.exit_code() is ExitCode.PASSED


def test_an_expired_entry_fails_a_run() -> None:
    today = datetime.now(UTC).date()
    ended = run(find_deviant("cap-of-four"), known(date(today.year - 1, 1, 1)))
    assert ended.report.cases[0].known == ""
    assert "was known until" in ended.report.summary.stale[0]
    assert ended.exit_code() is ExitCode.FAILED


def test_an_expired_warning_fails_a_run_although_a_warning_would_not() -> None:
    case = find_case("PB-RULES-ID-DIGITS")
    deviant = find_deviant("id-short")
    expired = Baseline((Entry(case.id, TargetKind.FAKE, "older ids", date(2020, 1, 1)),))
    assert run(deviant, Baseline(), case.id).exit_code() is ExitCode.PASSED
    assert run(deviant, expired, case.id).exit_code() is ExitCode.FAILED
