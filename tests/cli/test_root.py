"""The command line as a whole: help, errors, exit codes, where options may stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mockserver.cli import session
from mockserver.cli.root import root
from mockserver.client import sandbox_client as client
from mockserver.config import Config
from tests.cli.conftest import CommandLine, Live

NOWHERE = "http://127.0.0.1:1"


def commands(group: click.Group, path: str = "postbacks") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


ALL_COMMANDS = dict(commands(root))


@pytest.mark.parametrize("path", ALL_COMMANDS)
def test_every_command_and_option_has_a_help_text(path: str) -> None:
    command = ALL_COMMANDS[path]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    shown = CliRunner().invoke(root, [*path.split()[1:], "--help"])
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.parametrize("path", ALL_COMMANDS)
def test_json_is_an_option_of_every_command(path: str) -> None:
    assert "json" in {parameter.name for parameter in ALL_COMMANDS[path].params}


def test_no_summary_is_cut_off() -> None:
    shown = CliRunner().invoke(root, ["--help"])
    assert "..." not in shown.stdout.partition("Commands:")[2]


def test_a_typo_is_answered_with_the_nearest_command() -> None:
    result = CliRunner().invoke(root, ["advnce"])
    assert result.exit_code == 2
    assert "no such command 'advnce'" in result.stderr
    assert "did you mean 'advance'?" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_typo_in_a_subcommand_is_answered_too() -> None:
    result = CliRunner().invoke(root, ["rules", "lst"])
    assert result.exit_code == 2
    assert "did you mean 'list'?" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["trigger"], ["deliveries", "seven"], ["deliveries", "--state", "gone"]],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(root, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("postbacks: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_nobody_answering_is_exit_code_3() -> None:
    result = CliRunner().invoke(root, ["--url", NOWHERE, "events"])
    assert result.exit_code == 3
    assert result.stderr == (
        f"postbacks: no sandbox answers at {NOWHERE}; "
        "start one with `postbacks serve`, or pass --url\n"
    )


def test_with_json_an_error_is_a_problem_on_stderr() -> None:
    result = CliRunner().invoke(root, ["events", "--url", NOWHERE, "--json"])
    assert result.exit_code == 3
    assert result.stdout == ""
    problem = json.loads(result.stderr)
    assert problem["type"] == "urn:postbacks:problem:server-unreachable"
    assert problem["detail"].startswith("no sandbox answers")


def test_with_json_wrong_usage_is_a_problem_too() -> None:
    result = CliRunner().invoke(root, ["advance", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stderr)["type"] == "urn:postbacks:problem:usage"


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://", "http://h:99999", "http://ü"])
def test_a_url_that_is_none_is_wrong_usage(url: str) -> None:
    result = CliRunner().invoke(root, ["--url", url, "events"])
    assert result.exit_code == 2
    assert "is no URL of a sandbox" in result.stderr


def test_a_token_that_cannot_be_sent_is_wrong_usage() -> None:
    for arguments, variables in (
        (["--token", "schl\xfcssel", "deliveries"], {}),
        (["deliveries", "--token", "two words"], {}),
        (["deliveries"], {"POSTBACKS_TOKEN": "schl\xfcssel"}),
    ):
        result = CliRunner().invoke(root, arguments, env=variables)
        assert result.exit_code == 2
        assert "--token (or POSTBACKS_TOKEN): a token has visible ASCII" in result.stderr
        assert result.stderr.count("\n") == 1


def test_shared_options_stand_before_or_after_the_command(postbacks: CommandLine) -> None:
    before = postbacks.ok("--json", "events")
    after = postbacks.ok("events", "--json")
    assert json.loads(before) == json.loads(after)


def test_what_stands_after_the_command_wins(postbacks: CommandLine) -> None:
    assert postbacks.ok("--url", NOWHERE, "events", "--url", postbacks.url)


def test_client_and_server_agree_on_where_the_sandbox_is() -> None:
    config = Config()
    assert session.DEFAULT_URL == client.DEFAULT_URL == f"http://{config.host}:{config.port}"


def test_the_version() -> None:
    shown = CliRunner().invoke(root, ["--version"])
    assert shown.stdout.startswith("postbacks 0.")


def test_python_m_mockserver_is_the_same_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "mockserver", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("postbacks 0.")


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, mockserver.cli.root\n"
        "print([name for name in ('rich', 'sqlite3', 'pycurl', 'flask', 'waitress', 'httptools',"
        " 'msgspec') if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"


def test_a_reader_who_leaves_early_hears_nothing(postbacks: CommandLine) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        left = subprocess.run(
            [sys.executable, "-m", "mockserver", "--url", postbacks.url, "events"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (left.returncode, left.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["rules"]])
def test_without_a_command_the_help_is_shown_as_it_was_laid_out(arguments: list[str]) -> None:
    result = CliRunner().invoke(root, arguments, prog_name="postbacks")
    assert result.exit_code == 2
    assert result.stdout.startswith("Usage: postbacks")
    assert len(result.stdout.splitlines()) > 8
    assert result.stderr == ""


def _helps(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below, (*path, name))


def test_no_text_of_a_help_is_cut() -> None:
    for path in _helps(root, ()):
        shown = CliRunner(env={"COLUMNS": "80"}).invoke(root, [*path, "--help"]).stdout
        usage, _, rest = shown.partition("\n\n")
        assert usage.startswith("Usage: "), path
        for line in rest.splitlines():
            assert len(line) <= 80, (path, line)
            assert not line.rstrip().endswith(("...", "e.g.")), (path, line)
        _, _, commands = rest.partition("Commands:\n")
        for line in commands.partition("\n\n")[0].splitlines():
            assert line.endswith("."), (path, line)


def test_a_fault_of_our_own_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> None:
        raise KeyError("x" * 5_000)

    monkeypatch.setattr(client.SandboxClient, "event_kinds", broken)
    result = CliRunner().invoke(root, ["events"])
    assert result.exit_code == 4
    assert result.stderr.startswith("postbacks: this is a fault of postbacks itself, not yours: Ke")
    assert result.stderr.count("\n") == 1
    assert "[...]" in result.stderr
    assert len(result.stderr) < 1_100
    shown = CliRunner().invoke(root, ["events"], env={"POSTBACKS_TRACEBACK": "1"})
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize("name", ["POSTBACKS_URL", "POSTBACKS_TOKEN", "POSTBACKS_DB"])
def test_a_variable_that_is_not_utf_8_is_one_line(name: str) -> None:
    environment = {key.encode(): value.encode() for key, value in os.environ.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "mockserver", "serve"],
        env=environment | {name.encode(): b"\xff"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    said = f"postbacks: {name} is not UTF-8, got '\\xff'; no other is read\n"
    assert ended.stderr.decode() == said


@pytest.mark.parametrize("token", ["a\nb", "ü", "€", "\x7f"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    for words in (["--token", token, "events"], ["serve", "--token", token, "--ephemeral"]):
        result = CliRunner().invoke(root, words)
        assert result.exit_code == 2
        assert " ASCII " in result.stderr
    result = CliRunner().invoke(root, ["events"], env={"POSTBACKS_TOKEN": token})
    assert result.exit_code == 2
    assert "POSTBACKS_TOKEN): a token has visible ASCII characters only" in result.stderr


def test_a_message_has_no_stray_full_stop() -> None:
    result = CliRunner().invoke(root, ["resend"], prog_name="postbacks")
    assert result.stderr == ("postbacks: missing argument 'ID' (see `postbacks resend --help`)\n")


def test_an_unknown_host_is_called_so() -> None:
    result = CliRunner().invoke(root, ["--url", "http://nowhere.invalid", "events"])
    assert result.exit_code == 3
    assert "the host of http://nowhere.invalid is not known" in result.stderr


def test_https_at_the_plain_port_is_answered_at_once(live: Live) -> None:
    began = time.perf_counter()
    for url in (live.url, live.sandbox.receiver_url):
        result = CliRunner().invoke(root, ["--url", url.replace("http:", "https:"), "events"])
        assert result.exit_code == 3
        assert "does not speak TLS as it should" in result.stderr
        assert "is it at http://?" in result.stderr
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ('{"a":"\\ud800"}', "half a character"),
        ("[" * 50_000, "nested too deeply"),
        ('{"a":' + "1" * 5_000 + "}", "a number in it has 5000 digits"),
        ('{"a":1e999}', "1e999 is larger than any number"),
        ('{"a":NaN}', "JSON has no NaN"),
        ("[]", "is no JSON object"),
        ("x" * 500, "is no JSON object"),
    ],
    ids=lambda text: text[:12],
)
def test_parameters_that_cannot_be_sent(parameters: str, reason: str) -> None:
    result = CliRunner().invoke(root, ["trigger", "email.click", "--parameters", parameters])
    assert result.exit_code == 2
    assert reason in result.stderr
    assert len(result.stderr) < 400


def test_an_app_that_is_unknown_is_called_so(postbacks: CommandLine) -> None:
    for words in (["deliveries"], ["rules", "list"], ["trigger", "email.click"]):
        said = postbacks.fails(1, *words, "--app-id", "nope")
        assert said == "unknown app 'nope'; the sandbox has: YOUR_APP_ID"
