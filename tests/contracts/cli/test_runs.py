"""`postbacks contracts run` and `replay`: what is shown, what is written, and exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from contracts.cli import runs as contract_runs
from contracts.conformance import real, running
from contracts.proof.catalog import find_deviant
from contracts.suite import results, runner
from contracts.suite.registry import Case, select_cases
from contracts.suite.results import RunReport
from contracts.suite.vocabulary import Level, Status, TargetKind
from mockserver import App, Sandbox, SocketOptions
from mockserver.cli.root import root
from mockserver.client.wire import HttpWire, Reply
from mockserver.core.errors import ServerUnreachable
from mockserver.core.models import KeyClass
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.cli.conftest import Live

NOBODY = "http://127.0.0.1:1"
APP = "app_4242424242"
KEY = "dexp_aB3+/x=y"
CREDENTIALS = {"LEANPLUM_APP_ID": APP, "LEANPLUM_DATA_EXPORT_KEY": KEY}
MINE = "https://crm.example.com/leanplum?secret=hunter2&user={{User ID}}"
FAILING = ("--deviant", "cap-of-four", "--case", "PB-RULES-CAP")

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


@pytest.fixture(autouse=True)
def leanplum_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test of this module from Leanplum, whatever is wrong, and from waiting."""
    monkeypatch.setattr(contract_runs, "LEANPLUM_URL", NOBODY)
    monkeypatch.setattr(real, "PAUSE_REAL_SECONDS", 0.0)
    for name in ("GITHUB_STEP_SUMMARY", "POSTBACKS_TOKEN", "POSTBACKS_KEY", *CREDENTIALS):
        monkeypatch.delenv(name, raising=False)


def contracts(*arguments: object, **environment: str) -> Result:
    variables = {"POSTBACKS_URL": "", "COLUMNS": "80"} | environment
    words = ["contracts", *map(str, arguments)]
    result = CliRunner().invoke(root, words, env=variables)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def run(*arguments: object, **environment: str) -> Result:
    return contracts("run", *arguments, **environment)


def refused(code: int, *arguments: object, **environment: str) -> str:
    """Return the one line that is all that is said."""
    result = contracts(*arguments, **environment)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("postbacks: ")
    return result.stderr.removeprefix("postbacks: ").rstrip("\n")


def report_in(result: Result) -> RunReport:
    """Return the one JSON document that stdout must be."""
    return results.decode(result.stdout.encode())


def statuses(report: RunReport) -> dict[str, Status]:
    return {case.id: case.status for case in report.cases}


@contextmanager
def answering(app: WsgiApp) -> Iterator[str]:
    server = ApiServer(app)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def serving(token: str | None = None, **settings: Any) -> Iterator[tuple[Sandbox, str]]:
    with (
        Sandbox(sockets=SocketOptions(), **settings) as sandbox,
        answering(create_app(sandbox, token=token).wsgi_app) as url,
    ):
        yield sandbox, url
        sandbox.feed.close()


# A sandbox of its own


def test_a_run_starts_a_sandbox_and_writes_every_report(tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html", "md")}
    reports = [word for name, path in files.items() for word in ("--report", f"{name}={path}")]
    result = run("--case", "pb-rules-id*", "--case", "PB-API-VERSION", *reports)
    assert result.exit_code == 0
    assert result.stderr == "4 cases against an embedded sandbox (SQLite, real ports)\n"
    lines = result.stdout.splitlines()
    assert lines[1].startswith("4 cases in ")
    chosen = select_cases(["PB-RULES-ID*", "PB-API-VERSION"])
    musts = sum(case.level is Level.MUST for case in chosen)
    assert lines[2:] == [
        "coverage     4 of 4 applicable cases were run",
        f"conformance  {musts} of {musts} MUST passed",
    ]
    report = results.decode(files["json"].read_bytes())
    assert set(statuses(report)) == {case.id for case in chosen}
    names = [element.get("name") for element in ElementTree.parse(files["junit"]).iter("testcase")]
    assert len(names) == 4
    assert files["html"].read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert "Coverage: 100 %" in files["md"].read_text(encoding="utf-8")


def test_a_sandbox_of_its_own_is_started_whatever_the_environment_says() -> None:
    result = run("--embedded", "--case", "PB-API-ACTION", "--json", POSTBACKS_URL=NOBODY)
    assert result.exit_code == 0
    assert result.stderr == ""
    report = report_in(result)
    assert report.target.kind is TargetKind.FAKE
    assert report.target.url != NOBODY


def test_the_environment_names_a_sandbox_as_everywhere() -> None:
    assert NOBODY in refused(3, "run", "--case", "PB-API-ACTION", POSTBACKS_URL=NOBODY)


# What a failure tells


def test_a_failure_tells_all_that_is_needed() -> None:
    result = run(*FAILING)
    assert result.exit_code == 1
    shown = result.stdout
    assert "\nFAIL  PB-RULES-CAP  MUST  An app takes three rules and refuses a fourth\n" in shown
    for field_name in (
        "statement",
        "expected",
        "actual",
        "why",
        "exchange",
        "curl",
        "replay",
        "fix",
    ):
        assert f"\n  {field_name:<10} " in shown, field_name
    assert "https://docs.leanplum.com/reference/post_api-action-addpostback" in shown
    assert "--report json=FILE" in shown
    assert "conformance  0 of 1 MUST passed" in shown
    assert "not passed   1 FAIL" in shown
    long = [line for line in shown.splitlines() if len(line) > 100]
    assert [line for line in long if not line.startswith("  curl ")] == []


def test_a_failure_names_the_command_that_replays_it(tmp_path: Path) -> None:
    path = tmp_path / "a report.json"
    shown = run(*FAILING, "--report", f"json={path}").stdout
    command = f"postbacks contracts replay '{path}#PB-RULES-CAP'"
    assert f"  replay     {command}\n" in shown
    assert contracts("replay", f"{path}#PB-RULES-CAP").exit_code == 0


def test_stdout_is_one_json_document_whatever_happens(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    result = run(*FAILING, "--json", "--github", GITHUB_STEP_SUMMARY=str(summary))
    assert result.exit_code == 1
    (case,) = report_in(result).cases
    assert case.deviation is not None
    assert case.exchanges


def test_github_reads_stderr_and_the_summary_is_appended(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    result = run(*FAILING, "--github", GITHUB_STEP_SUMMARY=str(summary))
    (command,) = [line for line in result.stderr.splitlines() if line.startswith("::")]
    assert command.startswith("::error title=PB-RULES-CAP")
    assert "::error" not in result.stdout
    assert summary.read_text(encoding="utf-8").startswith("before\n")
    assert "PB-RULES-CAP" in summary.read_text(encoding="utf-8")


def test_github_without_findings_says_nothing(tmp_path: Path) -> None:
    result = run("--deviant", "cap-of-four", "--case", "PB-API-ACTION", "--github")
    assert result.exit_code == 0
    assert [line for line in result.stderr.splitlines()[1:] if line] == []


def test_warnings_fail_a_strict_run_only() -> None:
    warned = ("--deviant", "id-short", "--case", "PB-RULES-ID-DIGITS")
    lax, strict = run(*warned), run(*warned, "--strict")
    assert "WARN  PB-RULES-ID-DIGITS  SHOULD" in lax.stdout
    assert (lax.exit_code, strict.exit_code) == (0, 1)


def test_a_seed_is_kept_in_the_report_and_changes_what_is_drawn() -> None:
    broken = ("--deviant", "no-encoding", "--case", "PB-TEMPLATE-ROUND-TRIP", "--json")
    found = [report_in(run(*broken, "--seed", seed)) for seed in (7, 7)]
    assert [report.seed for report in found] == [7, 7]
    first, again = (report.cases[0] for report in found)
    assert first.status is Status.FAIL
    assert (first.steps, first.examples) == (again.steps, again.examples)


def test_a_fault_of_the_suite_is_exit_code_4(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(runner, "_run_body", broken)
    result = run("--deviant", "cap-of-four", "--case", "PB-API-ACTION", "--case", "PB-RULES-ID")
    assert result.exit_code == 4
    assert result.stdout.count("ERROR  PB-") == 2
    assert "RuntimeError: no such thing (test_runs.py:" in result.stdout


def test_ctrl_c_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run_body = runner._run_body

    def until_the_second(case: Case, *rest: Any) -> None:
        if case.id == "PB-RULES-ID":
            raise KeyboardInterrupt
        run_body(case, *rest)

    monkeypatch.setattr(runner, "_run_body", until_the_second)
    path = tmp_path / "report.json"
    result = run(
        *FAILING[:2], "--case", "PB-API-ACTION", "--case", "PB-RULES-ID", "--report", f"json={path}"
    )
    assert result.exit_code == 130
    assert "incomplete   interrupted after 1 of 2 cases" in result.stdout
    assert statuses(results.decode(path.read_bytes())) == {"PB-API-ACTION": Status.PASS}


# Known deviations


def baseline(folder: Path, expires: str = "2999-12-31") -> Path:
    path = folder / "known.toml"
    path.write_text(
        f'[[deviation]]\ncase = "pb-rules-cap"\nreason = "sold"\nexpires = {expires}\n',
        encoding="utf-8",
    )
    return path


def test_a_known_deviation_passes_and_is_shown(tmp_path: Path) -> None:
    result = run(*FAILING, "--baseline", baseline(tmp_path), "--strict")
    assert result.exit_code == 0
    assert "\n  known      sold\n" in result.stdout


def test_a_stale_entry_fails_and_says_what_to_do(tmp_path: Path) -> None:
    result = run(
        "--deviant", "id-short", "--case", "PB-RULES-CAP", "--baseline", baseline(tmp_path)
    )
    assert result.exit_code == 1
    assert "baseline     PB-RULES-CAP passes now: remove it from the baseline" in result.stdout


def test_an_expired_entry_fails_and_says_since_when(tmp_path: Path) -> None:
    result = run(*FAILING, "--baseline", baseline(tmp_path, "2020-02-29"))
    assert result.exit_code == 1
    assert "baseline     PB-RULES-CAP was known until 2020-02-29: sold" in result.stdout


def test_an_entry_whose_case_is_not_selected_changes_nothing(tmp_path: Path) -> None:
    result = run(
        "--deviant", "id-short", "--case", "PB-API-ACTION", "--baseline", baseline(tmp_path)
    )
    assert result.exit_code == 0
    assert "baseline " not in result.stdout


# Sandboxes that are given


def test_a_sandbox_that_is_given_keeps_what_it_has(live: Live) -> None:
    live.sandbox.add_postback(live.inbox_url("mine"))
    live.sandbox.trigger("push.open")
    before = live.sandbox.postbacks()
    result = run("--url", live.url, "--case", "PB-RULES-*", "--case", "PB-RETRY-SCHEDULE", "--json")
    assert result.exit_code == 0
    report = report_in(result)
    skipped = {name for name, status in statuses(report).items() if status is Status.SKIP}
    # Nobody but its owner restarts it.
    assert skipped == {"PB-RULES-RESTART", "PB-RULES-RESTART-EVERY-SET"}
    assert report.target.url == live.url
    assert live.sandbox.postbacks() == before
    assert len(live.sandbox.inbox("mine").requests) == 1


def test_it_can_be_run_again_and_again(live: Live) -> None:
    for _ in range(2):
        result = run("--url", live.url, "--case", "PB-RULES-CAP", "--case", "PB-RULES-ID")
        assert result.exit_code == 0, result.output


def test_a_restart_is_not_asked_of_it(live: Live) -> None:
    result = run("--url", live.url, "--case", "PB-RETRY-RESTART", "--case", "PB-RULES-ID")
    assert result.exit_code == 0
    assert (
        "SKIP(the suite cannot restart this server; run with --embedded): 1 case" in result.stdout
    )
    assert "  PB-RETRY-RESTART\n" in result.stdout
    assert "coverage     1 of 1 applicable cases were run, 1 do not apply here" in result.stdout


def test_with_a_clock_that_runs_by_itself_what_moves_it_is_skipped() -> None:
    with serving(clock=RunningClock()) as (_, url):
        result = run("--url", url, "--case", "PB-RETRY-SCHEDULE", "--case", "PB-RULES-ID")
    assert result.exit_code == 0
    reason = "the clock runs by itself; start the sandbox with --clock manual"
    assert f"SKIP({reason}): 1 case" in result.stdout


def test_without_a_control_api_nothing_passes_for_run() -> None:
    with serving() as (sandbox, _), answering(without_control(sandbox)) as url:
        result = run("--url", url, "--case", "rules")
    assert result.exit_code == 2
    assert "SKIP(no control API): " in result.stdout
    assert "no case could be run at this target; without a control API" in result.stderr
    assert f"--target real --url {url} --i-own-this-app" in result.stderr


def without_control(sandbox: Sandbox) -> WsgiApp:
    app = create_app(sandbox).wsgi_app

    def only_the_api(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api":
            return app(environ, start)
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"nothing here"]

    return only_the_api


def test_a_sandbox_behind_a_token(tmp_path: Path) -> None:
    with serving(token="tok-en-123") as (_, url):
        for given in ((), ("--token", "wrong")):
            assert "token" in refused(1, "run", "--url", url, "--case", "PB-RULES-ID", *given)
        path = tmp_path / "report.json"
        arguments = ("--url", url, "--case", "PB-RULES-DUPLICATE", "--report", f"json={path}")
        assert run(*arguments, "--token", "tok-en-123").exit_code == 0
        assert run(*arguments, POSTBACKS_TOKEN="tok-en-123").exit_code == 0
    assert "tok-en-123" not in path.read_text(encoding="utf-8")


def test_the_token_is_masked_in_what_fails_and_needed_to_replay(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    ledger = find_deviant("cap-of-four").ledger
    with serving(token="tok-en-123", ledger=ledger()) as (_, url):
        result = run(
            *("--url", url, "--token", "tok-en-123", "--case", "PB-RULES-CAP"),
            *("--report", f"json={path}"),
        )
        assert result.exit_code == 1
        assert "tok-en-123" not in result.output + path.read_text(encoding="utf-8")
        assert "$POSTBACKS_TOKEN" in path.read_text(encoding="utf-8")
        missing = contracts("replay", path, "--url", url)
        assert missing.exit_code == 2
        assert "set POSTBACKS_TOKEN to its value" in missing.stderr
        assert contracts("replay", path, "--url", url, "--token", "tok-en-123").exit_code == 1
        again = contracts("replay", path, "--url", url, POSTBACKS_TOKEN="tok-en-123")
        assert again.exit_code == 1
        assert "tok-en-123" not in again.output


def html(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>It works</title>"]


def almost(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    return [b'{"hello": "world"}']


@pytest.mark.parametrize("app", [html, almost])
def test_something_else_answers(app: WsgiApp) -> None:
    with answering(app) as url:
        message = refused(3, "run", "--url", url)
    assert url in message
    assert "postbacks serve" in message


def test_nobody_answers() -> None:
    assert refused(3, "run", "--url", NOBODY) == (
        f"no sandbox answers at {NOBODY}; start one with `postbacks serve`, or pass --url"
    )


def test_a_server_that_goes_away_ends_the_run(
    live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Dying(HttpWire):
        left = 14

        def send(
            self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
        ) -> Reply:
            Dying.left -= 1
            if Dying.left < 0:
                raise ServerUnreachable(f"no sandbox answers at {self.url}")
            return super().send(method, target, headers, content)

    monkeypatch.setattr(running, "HttpWire", Dying)
    path = tmp_path / "report.json"
    result = run("--url", live.url, "--case", "rules", "--report", f"json={path}")
    assert result.exit_code == 3
    assert "incomplete   the target stopped answering" in result.stdout
    found = list(statuses(results.decode(path.read_bytes())).values())
    assert found[0] is Status.PASS
    assert set(found[3:]) - {Status.SKIP} == {Status.UNTESTABLE}
    assert Dying.left > -4


# What is not sent


def test_a_plan_sends_nothing() -> None:
    result = run("--case", "rules", "--level", "should", "--dry-run", "--url", NOBODY)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"1 case would be run against {NOBODY}:\n")
    assert "PB-RULES-ID-DIGITS" in result.stdout
    assert "Registers three rules and looks at the length of their ids." in result.stdout
    assert result.stderr == "nothing was sent\n"
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_a_plan_in_json() -> None:
    result = run("--case", "PB-RULES-ID", "--dry-run", "--json")
    document = json.loads(result.stdout)
    assert document == {"target": "a sandbox started for the run", "cases": ["PB-RULES-ID"]}
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "partner"], ["postbacks verify URL_TEMPLATE"]),
        (["--case", "PB-RULES-CAPP"], ["'PB-RULES-CAPP'", "'PB-RULES-CAP'"]),
        (["--case", "PB-RULES-ID", "--level", "may"], ["no case is left"]),
        (["--target", "real", "--case", "PB-RETRY-*"], ["no case is left", "real"]),
        (["--report", "pdf=x"], ["FORMAT=FILE", "junit, html, md, json", "'pdf=x'"]),
        (["--report", "html"], ["FORMAT=FILE", "'html'"]),
        (["--report", "html="], ["FORMAT=FILE", "'html='"]),
        (["--report", "html=/nowhere/report.html"], ["/nowhere/report.html", "folder"]),
        (["--report", f"json={__file__}/report.json"], ["report.json", "folder"]),
        (["--report", "json=/"], ["cannot write the report /"]),
        (["--baseline", "/nowhere/known.toml"], ["/nowhere/known.toml", "No such file"]),
        (["--seed", "seven"], ["--seed", "'seven'"]),
        (["--level", "shall"], ["--level", "'shall'"]),
        (["--target", "prod"], ["--target", "'prod'"]),
        (["--url", "foo"], ["--url", "'foo'"]),
        (["--url", "ftp://host"], ["--url", "ftp://host"]),
        (["--embedded", "--url", NOBODY], ["--embedded", "--url"]),
        (["--embedded", "--target", "real"], ["--embedded", "--target real"]),
        (["--deviant", "cap-of-tow"], ["'cap-of-tow'", "cap-of-two", "--list"]),
        (["--deviant", "cap-of-two", "--dry-run", "--url", NOBODY], ["--deviant", "--url"]),
        (["PB-RULES-CAP"], ["PB-RULES-CAP", "contracts run --help"]),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], told: list[str]) -> None:
    message = refused(2, "run", *arguments)
    for word in told:
        assert word in message


def test_with_json_wrong_usage_is_a_problem() -> None:
    result = run("--case", "PB-NO", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr)["type"] == "urn:postbacks:problem:nothing-selected"


@pytest.mark.skipif(sys.platform != "linux", reason="there is a full device on Linux only")
def test_a_report_that_cannot_be_written_is_told_in_one_line() -> None:
    result = run(*FAILING, "--report", "json=/dev/full")
    assert result.exit_code == 2
    assert "postbacks: cannot write the report /dev/full: No space left" in result.stderr
    assert "Traceback" not in result.output


def test_a_summary_that_cannot_be_written_is_told_in_one_line() -> None:
    result = run(*FAILING, "--github", GITHUB_STEP_SUMMARY="/nowhere/summary.md")
    assert result.exit_code == 2
    assert "postbacks: cannot write GITHUB_STEP_SUMMARY, /nowhere/summary.md" in result.stderr


# Leanplum's own API, or what has its address


@dataclass
class Leanplum:
    """A server with Leanplum's API and the app of somebody; it counts what it is asked.

    Attributes:
        replaced: What is put in the place of what in every answer.
    """

    sandbox: Sandbox
    url: str = ""
    asked: list[str] = field(default_factory=list)
    replaced: tuple[bytes, bytes] = (b"", b"")

    def app(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        chunks = create_app(self.sandbox).wsgi_app(environ, start)
        old, new = self.replaced
        return [chunk.replace(old, new) if old else chunk for chunk in chunks]

    def run(self, *arguments: object, **environment: str) -> Result:
        given = CREDENTIALS | environment
        return run("--target", "real", "--url", self.url, *arguments, **given)

    def rules(self) -> list[str]:
        return [rule.url for rule in self.sandbox.postbacks(APP)]


@pytest.fixture
def leanplum() -> Iterator[Leanplum]:
    with Sandbox(apps=[App(APP, {KeyClass.DATA_EXPORT: KEY})]) as sandbox:
        sandbox.add_postback(MINE)
        there = Leanplum(sandbox)
        with answering(there.app) as there.url:
            yield there


def test_without_credentials_nothing_is_sent(leanplum: Leanplum, tmp_path: Path) -> None:
    result = leanplum.run(
        "--json", "--snapshots", tmp_path / "kept", LEANPLUM_APP_ID="", LEANPLUM_DATA_EXPORT_KEY=""
    )
    assert result.exit_code == 1
    report = report_in(result)
    assert set(statuses(report).values()) == {Status.UNTESTABLE}
    assert "LEANPLUM_APP_ID" in report.cases[0].reason
    assert leanplum.asked == []
    assert list(tmp_path.iterdir()) == []


def test_without_credentials_people_are_told_once_what_is_missing(leanplum: Leanplum) -> None:
    result = leanplum.run(LEANPLUM_APP_ID="", LEANPLUM_DATA_EXPORT_KEY="")
    assert result.exit_code == 1
    assert "None" not in result.stderr
    assert "coverage     0 of " in result.stdout
    assert "incomplete" not in result.stdout


def test_without_saying_whose_app_it_is_nothing_is_sent(leanplum: Leanplum) -> None:
    message = refused(2, "run", "--target", "real", "--url", leanplum.url, **CREDENTIALS)
    assert "--i-own-this-app" in message
    assert KEY not in message
    assert leanplum.asked == []


def test_a_plan_for_leanplum_sends_nothing(leanplum: Leanplum) -> None:
    result = leanplum.run("--dry-run")
    assert result.exit_code == 0
    assert "requests, one a second" in result.stdout
    assert "control API" not in result.stdout
    assert leanplum.asked == []


def test_a_sandbox_in_the_environment_is_never_taken_for_leanplum(
    leanplum: Leanplum, tmp_path: Path
) -> None:
    owned = ("--target", "real", "--i-own-this-app", "--snapshots", tmp_path / "kept")
    for selected in ((), ("--case", "PB-API-ACTION")):
        result = run(*owned, *selected, POSTBACKS_URL=leanplum.url, **CREDENTIALS)
        assert result.exit_code == 3
        assert f"Leanplum's API at {NOBODY}" in result.stderr
    assert leanplum.asked == []
    # Nothing was answered, so there is nothing to compare with next time.
    assert list(tmp_path.iterdir()) == []


def test_a_whole_run_keeps_compares_and_tells_no_secret(leanplum: Leanplum, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html", "md")}
    reports = [word for name, path in files.items() for word in ("--report", f"{name}={path}")]
    owned = ("--i-own-this-app", "--snapshots", kept)

    first = leanplum.run(*owned, *reports, "--github")
    assert first.exit_code == 0, first.output
    asked, cases = len(leanplum.asked), select_cases(target=TargetKind.REAL)
    musts = sum(case.level is Level.MUST for case in cases)
    assert f"conformance  {musts} of {musts} MUST passed" in first.stdout
    assert asked <= real.MOST_REQUESTS
    assert set(leanplum.asked) <= {"GET /api", "POST /api"}
    assert leanplum.rules() == [MINE]
    assert f"kept what was answered in {kept}" in first.stderr
    (snapshot,) = kept.iterdir()

    snapshot.rename(kept / "leanplum-2020-01-01T000000Z.json")
    second = leanplum.run(*owned, "--json")
    assert second.exit_code == 0
    assert set(statuses(report_in(second)).values()) == {Status.PASS}
    assert "compared with what was kept before: 0 differences" in second.stderr

    leanplum.replaced = (b"Invalid access key", b"Invalid access kex")
    third = leanplum.run(*owned)
    assert third.exit_code == 1
    assert "DRIFT  PB-API-KEY-WRONG" in third.stderr
    assert "Invalid access kex" in third.stderr
    assert leanplum.rules() == [MINE]

    written = [path.read_text(encoding="utf-8") for path in [*files.values(), *kept.iterdir()]]
    for text in [*written, *(result.output for result in (first, second, third))]:
        for secret in (KEY, "aB3%2B%2Fx%3Dy", "aB3"):
            assert secret not in text
    for path in kept.iterdir():
        assert "hunter2" not in path.read_text(encoding="utf-8")
        assert APP not in path.read_text(encoding="utf-8")


def test_drift_is_told_beside_json_too(leanplum: Leanplum, tmp_path: Path) -> None:
    owned = ("--i-own-this-app", "--snapshots", tmp_path, "--case", "PB-API-KEY-STATUS", "--json")
    leanplum.run(*owned)
    (snapshot,) = tmp_path.iterdir()
    snapshot.rename(tmp_path / "leanplum-2020-01-01T000000Z.json")
    leanplum.replaced = (b"Invalid", b"No such")
    result = leanplum.run(*owned)
    assert report_in(result).cases[0].id == "PB-API-KEY-STATUS"
    assert "DRIFT  PB-API-KEY-STATUS" in result.stderr


def test_a_snapshot_that_cannot_be_read_is_told_in_one_line(
    leanplum: Leanplum, tmp_path: Path
) -> None:
    (tmp_path / "leanplum-2020-01-01T000000Z.json").write_text("{}", encoding="utf-8")
    owned = ("--i-own-this-app", "--snapshots", tmp_path, "--case", "PB-API-ACTION")
    result = leanplum.run(*owned)
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("postbacks: ")]
    assert "leanplum-2020-01-01T000000Z.json is no snapshot" in line


def test_a_run_at_leanplum_is_replayed_nowhere_unasked(leanplum: Leanplum, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    leanplum.replaced = (b"Invalid access key", b"Invalid access kex")
    owned = ("--i-own-this-app", "--snapshots", tmp_path / "kept", "--case", "PB-API-KEY-*")
    leanplum.run(*owned, "--report", f"json={path}")
    asked = len(leanplum.asked)
    assert "--url" in refused(2, "replay", path)
    assert len(leanplum.asked) == asked
    result = contracts("replay", path, "--url", leanplum.url)
    assert result.exit_code == 1, result.output


# replay


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("failed") / "report.json"
    arguments = ("--case", "PB-RULES-CAP-FREED", "--report", f"json={path}", "--json")
    assert run(*FAILING, *arguments).exit_code == 1
    return path


def test_what_is_repaired_differs(failed: Path) -> None:
    result = contracts("replay", failed)
    assert result.exit_code == 0
    assert result.stderr.startswith("PB-RULES-CAP of 2")
    lines = result.stdout.splitlines()
    assert lines[-1] == "some answers differ from the recorded ones; run the case again"
    differing = [line for line in lines if " differs " in line]
    assert len(differing) == 1
    assert "status: 200 then, 400 now" in result.stdout
    assert max(map(len, lines)) <= 100


def test_what_is_still_there_is_the_same(failed: Path) -> None:
    with serving(ledger=find_deviant("cap-of-four").ledger()) as (_, url):
        for source in (failed, f"{failed}#PB-RULES-CAP", f"{failed}#2", f"{failed}#pb-rules-cap"):
            result = contracts("replay", source, "--url", url)
            assert result.exit_code == 1, result.output
            assert "every answer is as recorded: the deviation is still there" in result.stdout
            assert " differs " not in result.stdout


def test_a_replay_in_json(failed: Path) -> None:
    result = contracts("replay", failed, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["case"], document["same"]) == ("PB-RULES-CAP", False)
    assert "200 then, 400 now" in document["exchanges"][-1]["difference"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("/nowhere/report.json", ["cannot read the report /nowhere/report.json", "No such file"]),
        (f"{__file__}", ["no JSON report", "--report json=FILE"]),
        (f"{__file__}#1", ["no JSON report"]),
        ("/", ["cannot read the report /", "directory"]),
    ],
)
def test_what_is_no_report_is_told(source: str, told: list[str]) -> None:
    message = refused(2, "replay", source)
    for word in told:
        assert word.lower() in message.lower()


def test_a_case_that_is_not_in_it_is_told(failed: Path) -> None:
    message = refused(2, "replay", f"{failed}#PB-RULES-ID")
    assert "'PB-RULES-ID'; it has: PB-RULES-CAP, PB-RULES-CAP-FREED" in message


def test_a_replay_needs_a_file() -> None:
    assert "missing argument" in refused(2, "replay")


def test_a_replay_at_nobody(failed: Path) -> None:
    result = contracts("replay", failed, "--url", NOBODY)
    assert result.exit_code == 3
    assert f"postbacks: no sandbox answers at {NOBODY}" in result.stderr


def test_a_replay_at_no_url(failed: Path) -> None:
    result = contracts("replay", failed, "--url", "foo")
    assert result.exit_code == 2
    assert "--url: 'foo' is no URL" in result.stderr
