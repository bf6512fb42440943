"""`postbacks completion` prints or installs what lets a shell complete, and the shells do so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.root import root

SHELLS = ("bash", "zsh", "fish")
#: Asks each shell what it offers at the end of a line.
ASK = {
    "bash": """
        source "$SCRIPT"
        COMP_WORDS=($LINE); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
        _postbacks_completion postbacks
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        compdef() { :; }
        compadd() { print -l -- "$@" }
        _describe() { print -l -- ${${(P)3}%%:*} }
        source "$SCRIPT"
        words=(${=LINE}); CURRENT=${#words}
        _postbacks_completion
    """,
    "fish": """
        source "$SCRIPT"
        complete --do-complete "$LINE"
    """,
}


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(root, ["completion", *arguments], env=environment)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR", "SHELL"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def offered(words: str, incomplete: str = "") -> list[str]:
    """Ask the program as bash does."""
    environment = {
        **os.environ,
        "_POSTBACKS_COMPLETE": "bash_complete",
        "COMP_WORDS": f"{words} {incomplete}",
        "COMP_CWORD": str(len(words.split())),
        "POSTBACKS_UNKNOWN": "x",
    }
    command = [sys.executable, "-m", "mockserver"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ("postbacks", "tri", ["trigger"]),
        ("postbacks", "--js", ["--json"]),
        ("postbacks rules", "", ["list", "add", "check", "delete"]),
        ("postbacks rules add --channel", "", ["push", "email", "in-app"]),
        ("postbacks rules add --channel", "e", ["email"]),
        ("postbacks rules add --type", "ab", ["abTestEvents"]),
        ("postbacks completion", "", ["bash", "zsh", "fish"]),
        ("postbacks trigger", "push.o", ["push.open"]),
        ("postbacks contracts", "pr", ["prove"]),
        ("postbacks nonsense", "x", []),
        ("postbacks --url", "", []),
        ("postbacks rules add --channel nonsense --cha", "", []),
    ],
)
def test_what_is_offered(words: str, incomplete: str, expected: list[str]) -> None:
    assert offered(words, incomplete) == expected


def test_every_command_is_offered() -> None:
    assert offered("postbacks") == root.list_commands(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_completes_with_it(shell: str, home: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = home / "script"
    script.write_text(run(shell).stdout)
    # The command of this package, however it was installed.
    ours = home / "postbacks"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m mockserver "$@"\n')
    ours.chmod(0o755)
    environment = {
        **os.environ,
        "SCRIPT": str(script),
        "LINE": "postbacks trig",
        "PATH": f"{home}:{os.environ['PATH']}",
    }
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [program, *options, "-c", ASK[shell]], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split()[:1] == ["trigger"], done.stderr


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".local/share/bash-completion/completions/postbacks"),
        ("zsh", ".local/share/postbacks/completion.zsh"),
        ("fish", ".config/fish/completions/postbacks.fish"),
    ],
)
def test_it_is_installed_where_the_shell_looks(home: Path, shell: str, file: str) -> None:
    result = run(shell, "--install")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"written: {home / file}\n")
    assert f"it counts in every new {shell}" in result.stdout
    assert (home / file).read_text() + "\n" == run(shell).stdout


def test_zsh_reads_it_once_however_often_it_is_installed(home: Path) -> None:
    settings = home / ".zshrc"
    settings.write_text("alias l=ls")
    for _ in range(2):
        assert run("zsh", "--install").exit_code == 0
    lines = settings.read_text().splitlines()
    assert lines[0] == "alias l=ls"
    assert lines[-1] == f"source '{home}/.local/share/postbacks/completion.zsh'"
    assert len(lines) == 4


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_a_new_zsh_can_read_its_settings(home: Path) -> None:
    run("zsh", "--install")
    done = subprocess.run(
        ["zsh", "-c", "source ~/.zshrc && whence -w _postbacks_completion"],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(home)},
    )
    assert done.stdout == "_postbacks_completion: function\n", done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_of_the_user_is_meant_unless_one_is_named(home: Path, shell: str) -> None:
    assert run(SHELL=f"/usr/bin/{shell}").stdout == run(shell).stdout


@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_a_shell_that_is_not_known_is_said(home: Path, shell: str) -> None:
    result = run(SHELL=shell)
    assert result.exit_code == 2
    assert "only bash, zsh, fish are known; name one" in result.stderr


def test_what_cannot_be_written_is_one_line(home: Path) -> None:
    (home / ".config").write_text("a file")
    result = run("fish", "--install")
    assert result.exit_code == 1
    assert result.stderr.startswith("postbacks: cannot write ")
    assert "put what `postbacks completion fish` prints" in result.stderr


def test_json(home: Path) -> None:
    assert list(json.loads(run("bash", "--json").stdout)) == ["shell", "script"]
    installed = json.loads(run("bash", "--install", "--json").stdout)
    assert installed["files"] == [str(home / ".local/share/bash-completion/completions/postbacks")]
