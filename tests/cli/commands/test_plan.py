"""`postbacks plan`, as people and programs read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.root import root

SMALL = ("plan", "--shape", "constant", "--rate", "20/s", "--duration", "60s")


def run(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(root, list(words), env={"COLUMNS": "80"}, **options)


def test_the_text_for_people() -> None:
    shown = run(*SMALL, "--capacity", "20/s", "--outage", "1h")
    assert (shown.exit_code, shown.stderr) == (0, "")
    text = shown.stdout
    assert text.startswith("1,200 postbacks in 1m, 20/s at the peak (+0s)\n")
    assert "endpoint: answers 20/s, 20 more wait" in text
    assert "outage: answers 503 from +0s to +1h" in text
    assert "What becomes of it, without jitter" in text
    assert "What becomes of it, with jitter of ±10%" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_json_is_one_document() -> None:
    shown = run(*SMALL, "--capacity", "20/s", "--json")
    document = json.loads(shown.stdout)
    assert document["arrivals"]["total"] == 1200
    assert [each["jitter"] for each in document["outcomes"]] == [0, 0.1]
    assert document["remarks"] == []


def test_every_option_counts() -> None:
    def found(*words: str) -> Any:
        return json.loads(run(*SMALL, "--capacity", "20/s", "--json", *words).stdout)

    assert found()["endpoint"] == {
        "capacity_per_second": 20, "queue": 20, "outages": [], "outage_answer": "503"
    }  # fmt: skip
    assert found("--queue", "0")["endpoint"]["queue"] == 0
    down = found("--outage", "5s", "--outage", "1m..2m", "--outage-answer", "hang")["endpoint"]
    assert down["outages"] == [[0, 5], [60, 120]]
    assert down["outage_answer"] == "hang"
    assert [each["jitter"] for each in found("--jitter", "0")["outcomes"]] == [0]
    assert found("--next", "never")["next_campaign_at_seconds"] is None
    assert found("--next", "2h")["next_campaign_at_seconds"] == 7200
    assert found("--seed", "7")["stream"]["people"]["seed"] == 7
    assert found("--capacity", "0.5/s")["endpoint"]["queue"] == 1


def test_a_capacity_that_is_missing_is_said_after_nothing_was_done() -> None:
    shown = run("plan")
    assert shown.exit_code == 2
    assert "--capacity" in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--shape", "campain", "--capacity", "1/s"), "did you mean 'campaign'"),
        (("--audience", "0", "--capacity", "1/s"), "the audience must be from 1"),
        (("--capacity", "800"), "did you mean 800/s"),
        (("--capacity", "0/s"), "more than nothing"),
        (("--capacity", "1/s", "--queue", "-1"), "is no number"),
        (("--capacity", "1/s", "--outage", "1500ms"), "whole seconds"),
        (("--capacity", "1/s", "--outage", "2h..1h"), "must end after it begins"),
        (("--capacity", "1/s", "--outage-answer", "404"), "--outage-answer"),
        (("--capacity", "1/s", "--jitter", "10"), "did you mean 10%"),
        (("--capacity", "1/s", "--next", "0s"), "whole seconds"),
        (("--capacity", "1/s", "--next", "1500ms"), "whole seconds"),
        (("--capacity", "1/s", "--report", "pdf=x"), "one of html, json, txt"),
        (("--capacity", "1/s", "--report", "html"), "FORMAT=FILE"),
        (("--capacity", "1/s", "--report", "html=x", "--report", "txt=x"), "two reports"),
        (("--capacity", "1/s", "--seed", "-1"), "--seed"),
        (("--capacity", "1/s", "--assume", "x=1"), "nothing that is assumed"),
        (("--capacity", "1/s", "--shape", "nowhere.log"), "there is no recording"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(words: tuple[str, ...], reason: str) -> None:
    shown = (
        run("plan", "--events", "1k", *words) if "--audience" not in words else run("plan", *words)
    )
    if "--shape" in words:
        shown = run("plan", *words)
    assert (shown.exit_code, shown.stdout) == (2, ""), shown.output
    assert reason in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_reports_are_written(tmp_path: Path) -> None:
    files = {name: tmp_path / f"plan.{name}" for name in ("html", "json", "txt")}
    reports = [word for name, file in files.items() for word in ("--report", f"{name}={file}")]
    shown = run(*SMALL, "--capacity", "20/s", *reports)
    assert shown.exit_code == 0
    assert files["html"].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(files["json"].read_text())["arrivals"]["total"] == 1200
    assert "What becomes of it" in files["txt"].read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["nowhere/x", "/dev/full", "."])
def test_a_report_that_cannot_be_written_is_said(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(*SMALL, "--capacity", "20/s", "--report", f"json={file}")
    assert shown.exit_code == 2
    assert f"cannot write the report {file}" in shown.stderr


def test_all_that_is_assumed_is_listed() -> None:
    text = run("plan", "--assumed").stdout
    assert "push.open.delay" in text
    assert "push=70%,email=30%" in text
    document = json.loads(run("plan", "--assumed", "--json").stdout)
    assert document["assume"]["push.open"] == "5%"


def test_what_is_left_out_of_a_recording_is_said(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        'h - - [01/Mar/2026:12:00:00 +0000] "POST /in?user=a HTTP/1.1" 200 0\n'
        'h - - [01/Mar/2026:12:00:01 +0000] "POST /in?user=b HTTP/1.1" 200 0\n'
        'h - - [01/Mar/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 0\n'
    )
    words = ("plan", "--shape", str(log), "--capacity", "20/s")
    shown = run(*words, "--template", "http://h/in?user={{User ID}}")
    assert shown.exit_code == 0
    assert "2 postbacks in 1s" in shown.stdout
    assert "Note: 1 request of the recording left out" in shown.stderr
    assert "whole seconds only" in shown.stderr
    remarks = json.loads(run(*words, "--json").stdout)["remarks"]
    assert len(remarks) == 2


@pytest.mark.parametrize("odd", ["\x1b[2J", "a\nb", "\u202e", "<b>"])
def test_the_name_of_a_file_steers_nothing(odd: str, tmp_path: Path) -> None:
    log = tmp_path / f"{odd}.log"
    log.write_text('{"event": "push.open", "after": "1s"}')
    names = ("html", "json", "txt")
    reports = [word for name in names for word in ("--report", f"{name}={tmp_path / name}")]
    shown = run("plan", "--shape", str(log), "--capacity", "1/s", *reports)
    assert shown.exit_code == 0, shown.stderr
    as_json = run("plan", "--shape", str(log), "--capacity", "1/s", "--json").stdout
    files = [(tmp_path / name).read_text(encoding="utf-8") for name in names]
    for text in (shown.stdout, as_json, *files):
        assert odd not in text or odd == "<b>"
    assert "<b>" not in files[0]
    assert json.loads(as_json)["stream"]["path"] == str(log)
    assert json.loads(files[1])["stream"]["path"] == str(log)


def test_bars_are_drawn_of_what_the_terminal_has() -> None:
    import io

    from mockserver.cli.commands.plan import _drawn
    from mockserver.cli.output import Output
    from tests.load.plans import plan_of

    for encoding, full in (("utf-8", "█"), ("ascii", "#"), ("latin-1", "#")):
        output = Output(as_json=False)
        output.console.file = io.TextIOWrapper(io.BytesIO(), encoding)
        assert any(full in line for line in _drawn(output, plan_of()))
