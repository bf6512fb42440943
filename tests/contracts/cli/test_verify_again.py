"""The command line that tries a failed case of `verify` again, with all that it needs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from contracts.cli.verify import NOT_AGAIN, again_options, verify
from contracts.suite import results
from mockserver.cli.root import root
from mockserver.cli.session import Session
from tests.contracts.cli.test_verify import Partner, serving

URL = "http://127.0.0.1:1/in?user={{User ID}}"

#: A value of every option that takes one, other than its default.
VALUES = {
    "type_name": "abTestEvents",
    "channels": "Email, Push Notification",
    "events": "push.open",
    "parameters_encoding": "twice",
    "profile": "full",
    "globs": "PB-ANSWER-POST",
    "probe": "psql -At -c 'select user_id from events' | sort",
    "observe": "seen before.har",
    "down_command": "systemctl stop shop",
    "up_command": "systemctl start shop",
    "outage": "72h",
    "concurrency": "7",
    "rate": "3/s",
    "max_requests": "99",
    "max_time": "30m",
    "headers": "X-Gateway=it's 1",
    "reports": "json=x.json",
    "baseline": "known.toml",
    "seed": "5",
    "allowed_hosts": "partner.example",
    "ca_file": "ca.pem",
    "proxy": "http://127.0.0.1:8080",
}
OPTIONS = {str(each.name): each for each in verify.params if isinstance(each, click.Option)}


def read(*words: str) -> dict[str, Any]:
    return dict(verify.make_context("verify", [URL, *words], obj=Session()).params)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_given_again_or_left_out_on_purpose(name: str) -> None:
    option = OPTIONS[name]
    given = [option.opts[0]] if option.is_flag else [option.opts[0], VALUES[name]]
    given += given if option.multiple else []
    values = read(*given)
    again = list(again_options(verify, values))
    if name in NOT_AGAIN:
        assert again == []
    else:
        assert again == given
        assert read(*again) == values


def test_only_the_choice_of_cases_and_the_reports_are_left_out() -> None:
    assert sorted(NOT_AGAIN) == [
        "dry_run",
        "github",
        "globs",
        "json",
        "progress_lines",
        "reports",
    ]


def test_nothing_is_said_that_nobody_said() -> None:
    assert again_options(verify, read()) == ()


def test_all_options_together_are_read_back_from_the_line(tmp_path: Path) -> None:
    given: list[str] = []
    for name, option in OPTIONS.items():
        if name not in NOT_AGAIN:
            given += [option.opts[0]] if option.is_flag else [option.opts[0], VALUES[name]]
    line = shlex.join(["verify", URL, *again_options(verify, read(*given))])
    assert read(*shlex.split(line)[2:]) == read(*given)


def test_a_failed_case_can_be_pasted_again_with_its_probe(tmp_path: Path) -> None:
    partner = Partner()
    partner.status = "500 Server Error"
    file = tmp_path / "run.json"
    with serving(partner) as origin:
        words = ["verify", f"{origin}/in?user={{{{User ID}}}}", "--case", "PB-REPEAT-ONCE"]
        words += ["--probe", "echo '[]' | cat", "--header", "X-Key=s3cret-value"]
        first = CliRunner().invoke(root, [*words, "--report", f"json={file}"])
        assert first.exit_code == 1
        (line,) = [line for line in first.stdout.splitlines() if line.startswith("  again")]
        again = line.split(None, 1)[1]
        assert "s3cret" not in again
        told = shlex.split(again.replace('"${POSTBACKS_SECRET_1}"', "s3cret-value"))
        assert told[0] == "postbacks"
        second = CliRunner().invoke(root, told[1:])
    assert second.exit_code == 1
    assert "FAIL  PB-REPEAT-ONCE" in second.stdout
    assert "s3cret" not in " ".join(results.decode(file.read_bytes()).target.options)


@pytest.mark.parametrize(
    ("options", "code"), [(["--strict"], 1), ([], 0), (["--strict", "--baseline", "known.toml"], 0)]
)
def test_the_line_ends_as_the_run_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    known = "case = 'PB-VALUES-LONG-ID'\nreason = 'as agreed'\nexpires = 2999-01-01"
    Path("known.toml").write_text(f"[[deviation]]\ntarget = 'partner'\n{known}\n")

    def partner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        is_long = len(environ["QUERY_STRING"]) > 300
        start_response("400 Bad Request" if is_long else "204 No Content", [])
        return []

    with serving(partner) as origin:
        words = ["verify", f"{origin}/in?user={{{{User ID}}}}", *options]
        first = CliRunner().invoke(root, [*words, "--case", "PB-VALUES-LONG-ID"])
        assert first.exit_code == code, first.stdout
        (line,) = [line for line in first.stdout.splitlines() if line.startswith("  again")]
        second = CliRunner().invoke(root, shlex.split(line.split(None, 1)[1])[1:])
    assert second.exit_code == code, second.stdout


def test_passwords_of_a_probe_and_a_proxy_do_not_stand_in_the_line(tmp_path: Path) -> None:
    partner = Partner()
    partner.status = "500 Server Error"
    file = tmp_path / "run.json"
    with serving(partner) as origin:
        words = ["verify", f"{origin}/in?user={{{{User ID}}}}", "--case", "PB-ANSWER-POST"]
        words += ["--probe", origin.replace("//", "//me:pass-word@") + "/stored"]
        CliRunner().invoke(root, [*words, "--report", f"json={file}"])
    report = results.decode(file.read_bytes())
    assert "--probe" in report.target.options
    assert "pass-word" not in file.read_text()
