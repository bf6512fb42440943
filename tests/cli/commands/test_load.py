"""`postbacks load`: what it refuses, what it plans, and whole loads with real processes."""

from __future__ import annotations

import csv
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockserver.cli import load_runs
from mockserver.cli.root import root
from mockserver.load.result import WITH_A_WORKER
from mockserver.transport import resolved_host
from tests.load.crews import needs_locust
from tests.load.sink import sink

URL = "http://127.0.0.1:1/in?user={{User ID}}&at={{Trigger time}}"
CONSTANT = ("--shape", "constant", "--rate", "10/s", "--duration", "1s")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["load", *arguments])


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mockserver", "load", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(*arguments: str) -> tuple[int, str, str]:
    with started(*arguments) as process:
        try:
            out, err = process.communicate(timeout=100)
        except BaseException:
            process.kill()
            raise
        return process.returncode, out, err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "missing URL_TEMPLATE"),
        (("ftp://x/in", *CONSTANT), 2, "addPostback would refuse this URL"),
        (("http://127.0.0.1/{{Nobody}}", *CONSTANT), 2, "unknown value {{Nobody}}"),
        ((URL, "--shape", "stairs"), 2, "stairs"),
        ((URL, "--shape", "constant", "--rate", "0/s"), 2, "must be more than nothing"),
        ((URL, "--shape", "constant", "--rate", "fast"), 2, "is no rate"),
        ((URL, "--audience", "0"), 2, "must be from 1"),
        ((URL, *CONSTANT, "--audience", "0"), 2, "must be from 1"),
        (
            (URL, "--shape", "constant", "--rate", "200k/s", "--duration", "10s"),
            2,
            "--max-requests",
        ),
        ((URL, *CONSTANT, "--max-requests", "9"), 2, "9 are allowed by --max-requests"),
        ((URL, *CONSTANT, "--stop-when", "errors>x"), 2, "--stop-when takes a condition"),
        ((URL, *CONSTANT, "--stop-when", "p99>0s"), 2, "--stop-when takes a condition"),
        ((URL, *CONSTANT, "--stop-when", "p0>1s"), 2, "--stop-when takes a condition"),
        ((URL, *CONSTANT, "--stop-when", "errors>100%"), 2, "a share below 100%"),
        ((URL, *CONSTANT, "--report", "pdf=x"), 2, "one of html, json, md, csv, hgrm"),
        ((URL, *CONSTANT, "--report", "html=/nowhere/at/all"), 2, "cannot write the report"),
        ((URL, *CONSTANT, "--until", "soon"), 2, "--until"),
        ((URL, *CONSTANT, "--patience", "0s"), 2, "--patience takes more than nothing"),
        ((URL, *CONSTANT, "--outage", "2h"), 2, "it needs --shape steps"),
        ((URL, *CONSTANT, "--jitter", "much"), 2, "is no share"),
        ((URL, *CONSTANT, "--workers", "0"), 2, "--workers 0 sends nothing"),
        ((URL, *CONSTANT, "--workers", "3", "--expect-workers", "2"), 2, "counts all"),
        ((URL, *CONSTANT, "--master-bind", "0.0.0.0"), 2, "--master-bind needs --expect-workers"),
        (
            (URL, *CONSTANT, "--expect-workers", "1", "--master-bind", "0.0.0.0:5557"),
            2,
            "each worker's own machine",
        ),
        (
            (URL, *CONSTANT, "--expect-workers", "1", "--master-bind", "x:99999"),
            2,
            "takes an address like",
        ),
        ((URL, *CONSTANT, "--master", "x"), 2, "--master is for --worker"),
        (("--worker",), 2, "--worker needs --master"),
        ((URL, "--worker", "--master", "x"), 2, "the master says what is sent"),
        ((URL, *CONSTANT, "--ca-file", "/nowhere.pem"), 2, "there is no such file"),
        (
            (URL, "--shape", "steps", "--rate", "1/s..2/s", "--step-duration", "1500ms"),
            2,
            "lasts whole seconds",
        ),
        ((URL, *CONSTANT, "--probe", "cat {prefix"), 3, "nobody listens"),
        ((URL, *CONSTANT, "--probe", "cat {{prefix}}"), 2, "only {prefix} is replaced"),
        ((URL, *CONSTANT), 3, "nobody listens at 127.0.0.1:1, so nothing was sent"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(arguments: tuple[str, ...], code: int, said: str) -> None:
    result = invoke(*arguments)
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert (result.exit_code, result.stdout) == (code, "")


def test_nothing_is_sent_beyond_this_machine_unless_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolved_host, "system_addresses", lambda host, port: ["192.0.2.7"])
    result = invoke("http://partner.example/in", *CONSTANT)
    assert "say --allow-host partner.example" in result.stderr
    assert result.exit_code == 2
    result = invoke(
        "http://partner.example/in", *CONSTANT, "--allow-host", "partner.example", "--dry-run"
    )
    assert result.exit_code == 0, result.stderr
    more = ("--shape", "constant", "--rate", "10001/s", "--duration", "1s")
    result = invoke("http://partner.example/in", *more, "--allow-host", "partner.example")
    assert "10,000 are sent beyond this machine unless --max-requests says more" in result.stderr


@pytest.mark.parametrize("missing", ["locust", "hdrh"])
def test_what_is_not_installed_is_told(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_runs, "find_spec", lambda name: None if name == missing else name)
    result = invoke(URL, *CONSTANT)
    assert "install 'postbacks[load]'" in result.stderr
    assert result.exit_code == 2


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing() -> None:
    secret = "http://127.0.0.1:1/in?token=s3cr3t-of-mine&u={{User ID}}"
    result = invoke(
        secret, "--shape", "constant", "--rate", "10/s", "--duration", "3s", "--dry-run"
    )
    assert result.exit_code == 0
    assert "30 postbacks within 2.9s, at most 10 in a second; nothing was sent" in result.stdout
    assert "s3cr3t-of-mine" not in result.output
    document = json.loads(invoke(secret, *CONSTANT, "--dry-run", "--json").stdout)
    assert (document["postbacks"], document["peak"]) == (10, 10)
    assert document["stream"]["shape"] == "constant"


def test_a_campaign_can_be_cut() -> None:
    arguments = ("--audience", "1000", "--seed", "3", "--dry-run", "--json")
    whole = json.loads(invoke(URL, *arguments).stdout)
    part = json.loads(invoke(URL, *arguments, "--until", "5m").stdout)
    assert 0 < part["postbacks"] < whole["postbacks"]
    assert part["lasts_seconds"] == 300
    result = invoke(URL, *arguments, "--until", "1us")
    assert "nothing" in result.stderr or result.exit_code == 0


@needs_locust
def test_a_load_is_written_in_every_format_without_the_secrets(tmp_path: Path) -> None:
    files = {name: tmp_path / f"load.{name}" for name in load_runs.FORMATS}
    reports = [word for name, file in files.items() for word in ("--report", f"{name}={file}")]
    with sink() as endpoint:
        url = f"http://127.0.0.1:{endpoint.port}/in?token=s3cr3t-of-mine&u={{{{User ID}}}}"
        code, out, err = done(
            url, "--shape", "constant", "--rate", "50/s", "--duration", "2s", *reports
        )
    assert code == 0, err
    assert err.startswith("100 postbacks within 1.98s, at most 50 in a second\n")
    assert "100 of 100 postbacks delivered" in out
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    for text in [out, err, *texts.values()]:
        assert "s3cr3t-of-mine" not in text
    facts = json.loads(texts["json"])
    assert facts["counts"]["delivered"] == 100
    assert facts["statuses"] == {"200": 100}
    rows = list(csv.DictReader(texts["csv"].splitlines()))
    assert sum(int(row["planned"]) for row in rows) == 100
    assert "#[Max     =" in texts["hgrm"]
    assert "| delivered | 100 |" in texts["md"]
    assert "100 of 100 postbacks delivered" in texts["html"]


def facts_of(tmp_path: Path, url: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    file = tmp_path / "load.json"
    ended, _, err = done(url, *arguments, "--report", f"json={file}")
    assert ended == code, err
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@needs_locust
def test_the_capacity_of_an_endpoint_is_found_within_ten_percent(tmp_path: Path) -> None:
    """It answers 500 a second, and keeps 100 more waiting."""
    with sink("--rate", 500, "--queue", 100) as endpoint:
        facts = facts_of(
            tmp_path,
            endpoint.url,
            *("--shape", "steps", "--rate", "400/s..700/s", "--steps", "7"),
            *("--step-duration", "3s", "--outage", "2h"),
        )
    capacity = facts["capacity"]
    assert 450 <= capacity["highest"] <= 550
    assert capacity["is_bounded"]
    assert capacity["knee"] is None or capacity["knee"] <= capacity["highest"]
    assert capacity["steps"][-1]["why_not"]
    # It was ended there, and what was not answered would come again.
    assert facts["counts"]["planned"] < facts["counts"]["expected"]
    assert facts["end"] == "done"
    assert sum(each["attempts"] for each in facts["calendar"]) == 9 * facts["counts"]["to_retry"]
    assert [each["jitter"] for each in facts["echo"]["said"]] == [
        "without jitter",
        "with jitter of ±10%",
    ]


@needs_locust
def test_an_endpoint_that_freezes_shows_it_in_p99_and_max(tmp_path: Path) -> None:
    with sink("--freeze", 1, 2) as endpoint:
        facts = facts_of(
            tmp_path,
            endpoint.url,
            *("--shape", "constant", "--rate", "100/s", "--duration", "5s", "--connections", "4"),
        )
    latency, service = facts["durations"]["latency"], facts["durations"]["service"]
    assert 1.5 < latency["p99"] < 4
    assert 1.9 < latency["max"] < 4
    assert service["p95"] < 0.5 < latency["p75"]
    assert any("counted from the instant of sending" in each for each in facts["remarks"])


@needs_locust
def test_a_probe_says_what_was_lost_and_doubled(tmp_path: Path) -> None:
    """The endpoint answers 200 to all; what it has stored is written by hand."""
    rows = "['{prefix}u%d' % n for n in [*range(2, 20), 5]]"
    probe = f'{sys.executable} -c "print(*{rows}, sep=chr(10))"'
    with sink() as endpoint:
        facts = facts_of(
            tmp_path,
            endpoint.url,
            *("--shape", "constant", "--rate", "20/s", "--duration", "1s", "--probe", probe),
        )
    assert facts["stored"] == {"stored": 18, "doubled": 1, "lost": 2, "unanswered": 0}
    assert "LOST: 2 postbacks answered 2xx and not stored" in facts["remarks"]


@needs_locust
def test_a_condition_ends_a_load(tmp_path: Path) -> None:
    with sink("--status", 503) as endpoint:
        facts = facts_of(
            tmp_path,
            endpoint.url,
            *("--shape", "constant", "--rate", "50/s", "--duration", "60s"),
            *("--stop-when", "errors>1%"),
            code=1,
        )
    assert (facts["end"], facts["why"]) == ("stopped", "errors>1% (--stop-when)")
    assert facts["real_seconds"] < 20
    assert facts["counts"]["planned"] < 3000


@needs_locust
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_interrupted_still_reports(number: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "load.json"
    with sink() as endpoint:
        process = started(
            endpoint.url,
            *("--shape", "constant", "--rate", "50/s", "--duration", "60s"),
            *("--report", f"json={file}"),
        )
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(4)]
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    # A live line comes without a terminal as well.
    assert "answered 2xx" in lines[3]
    assert process.returncode == 130
    facts = json.loads(file.read_text())
    counts = facts["counts"]
    assert facts["end"] == "interrupted"
    assert counts["delivered"] > 0
    assert counts["expected"] == 3000
    assert counts["delivered"] + counts["failed"] + counts["unsent"] + counts["cut"] == 3000
    assert "ended early: it was interrupted" in out


@needs_locust
def test_workers_of_other_machines_join_by_the_command(tmp_path: Path) -> None:
    """Both are on this machine here; one is ended by Ctrl-C on its way."""
    file = tmp_path / "load.json"
    with sink() as endpoint:
        port = _free_port()
        master = started(
            endpoint.url,
            *("--shape", "constant", "--rate", "50/s", "--duration", "6s"),
            *("--expect-workers", "2", "--master-bind", f"127.0.0.1:{port}"),
            *("--report", f"json={file}"),
        )
        workers = [
            started("--worker", "--master", f"127.0.0.1:{port}", "--wait", "20s") for _ in range(2)
        ]
        assert master.stderr is not None
        while "answered 2xx" not in master.stderr.readline():
            pass
        workers[0].send_signal(signal.SIGINT)
        master.communicate(timeout=60)
        codes = []
        for worker in workers:
            worker.communicate(timeout=30)
            codes.append(worker.returncode)
    assert codes == [130, 0]
    facts = json.loads(file.read_text())
    assert sorted(each["state"] for each in facts["workers"]) == ["done", "lost"]
    assert facts["exit_code"] == 1
    assert WITH_A_WORKER in facts["unsent"]
    counts = facts["counts"]
    assert 150 <= counts["delivered"] < 300
    assert counts["delivered"] + counts["unsent"] + counts["cut"] + counts["unknown"] == 300


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
