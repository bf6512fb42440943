"""No command answers any argument with a traceback: every command and option, odd strings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver.cli import serving
from mockserver.cli.root import root
from mockserver.config import Config
from mockserver.net.visible_text import one_line
from tests.cli.conftest import Live

ODD = (
    "",
    "-1",
    "=",
    "a=b",
    "1" * 5_000,
    "1e999",
    "nan",
    "\0",
    "email.\udcff",
    "\ud800",
    "a\nb",
    "\x1b[2J\u009b\u202e",
    "ü€😀",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "[" * 50_000,
    '{"a":"\\ud800"}',
    '{"a":' + "9" * 5_000 + "}",
    "/dev/full",
    "json=/dev/full",
    "../nowhere/x",
    "http://[",
    "http://127.0.0.1:1/{{",
    "x" * 10_000,
)

#: What a command is given besides, so that it does little, and in a moment.
BESIDES = {
    "serve": ["--ephemeral", "--port", "0", "--receiver-port", "0"],
    "contracts run": ["--dry-run"],
    "contracts prove": ["--list"],
    "verify": ["--dry-run"],
    "tail": ["--url", "http://127.0.0.1:1"],
    "listen": ["--url", "http://127.0.0.1:1"],
    "inbox": ["--timeout", "0"],
    "plan": ["--audience", "3", "--capacity", "1/s", "--next", "never"],
}
#: Arguments that are there unless one of them is odd.
ARGUMENTS = {
    "app_id": "YOUR_APP_ID",
    "name": "email.click",
    "urls": "http://127.0.0.1:1/in?user={{User ID}}",
    "template": "http://127.0.0.1:1/",
    "postback_id": "1",
    "delivery_id": "1",
    "case_id": "PB-RULES-CAP",
    "source": "nowhere.json",
}


def places(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield every option and argument that takes a value, with the path of its command."""
    for parameter in command.params:
        if not getattr(parameter, "is_flag", False) and parameter.name not in (None, "help"):
            yield " ".join(path), str(parameter.name)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from places(below, (*path, name))


PLACES = list(places(root))


def line_with(path: str, place: str, odd: str) -> list[str]:
    """Return a command line in which `odd` stands at the place."""
    command: click.Command = root
    for name in path.split():
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    words, end = path.split(), ["--"]
    words += [word for word in BESIDES.get(path, []) if (place, word) != ("db", "--ephemeral")]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            optional = not parameter.required and parameter.name != place
            end += [] if optional else [odd if parameter.name == place else _usual(parameter)]
        elif parameter.name == place:
            words += [parameter.opts[-1], odd]
    if isinstance(command, click.Group):
        return [*words, next(iter(command.list_commands(click.Context(command)))), "--help"]
    return words + (end if len(end) > 1 else [])


def _usual(parameter: click.Parameter) -> str:
    return ARGUMENTS[str(parameter.name)]


@pytest.fixture(autouse=True)
def _harmless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, live: Live) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTBACKS_URL", live.url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    # Nothing of the user's own is written to.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def start_and_stop(config: Config, *, as_json: bool) -> None:
        with ExitStack() as stack:
            serving.start(config, stack)

    monkeypatch.setattr(serving, "serve_until_told", start_and_stop)


def invoke(words: list[str]) -> Result:
    result = CliRunner().invoke(root, words, env={"COLUMNS": "80"})
    assert isinstance(result.exception, SystemExit | None), words
    assert result.exit_code in (0, 1, 2, 3), (words, result.stderr)
    assert "fault of postbacks" not in result.stderr
    assert "Traceback" not in result.output
    if result.exit_code == 2 and "Usage:" not in result.stdout:
        # `--json` may be the odd text itself.
        beginning = '{"type": ' if "--json" in words else "postbacks: "
        assert result.stderr.startswith(beginning), words
        assert result.stderr.count("\n") == 1, result.stderr
    assert all(one_line(line) == line for line in result.stderr.split("\n")), words
    assert len(max(result.stderr.splitlines(), default="")) < 1_500, words
    return result


@pytest.mark.parametrize(("path", "place"), PLACES, ids=lambda text: text.replace(" ", "-"))
def test_an_odd_value_anywhere_is_no_traceback(path: str, place: str) -> None:
    # The suite's commands take a moment each, so their options share the strings.
    step = 3 if path.startswith(("contracts", "verify")) else 1
    for odd in ODD[PLACES.index((path, place)) % step :: step]:
        invoke(line_with(path, place, odd))


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(place=("serve", "host"), odd="--json")
@given(place=st.sampled_from(PLACES), odd=st.text(st.characters(codec=None)))
def test_any_text_anywhere_is_no_traceback(place: tuple[str, str], odd: str) -> None:
    invoke(line_with(*place, odd))


def test_bytes_that_are_not_utf_8_are_one_line_in_a_process_of_its_own() -> None:
    for words in (["trigger", b"email.\xff"], ["verify", b"\xff"], ["--token", b"\xff", "tail"]):
        ended = subprocess.run(
            [sys.executable, "-m", "mockserver", *words], capture_output=True, check=False
        )
        assert ended.returncode == 2
        assert ended.stderr.startswith(b"postbacks: argument ")
        assert b"is not UTF-8" in ended.stderr
        assert b"\\xff" in ended.stderr
        assert ended.stderr.count(b"\n") == 1
