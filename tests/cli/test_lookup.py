"""How commands are found: our own by their file, those of other packages by their entry point."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import click
import pytest
from click.testing import CliRunner, Result

from mockserver.cli import commands
from mockserver.cli.lookup import ORDER, own_command, own_names
from mockserver.cli.root import root

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution `acme-tools` of one module with these entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(entry_points: str, source: str = "") -> None:
        info = tmp_path / "acme_tools-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tools\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[postbacks.commands]\n{dedent(entry_points)}\n")
        (tmp_path / "acme_tools.py").write_text(dedent(source))
        monkeypatch.delitem(sys.modules, "acme_tools", raising=False)

    return add


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root, list(arguments), env={"COLUMNS": "80"}, prog_name="postbacks")


def listed() -> list[str]:
    lines = run("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    return [line.split()[0] for line in lines]


def test_our_own_commands_come_first_in_the_order_of_their_use() -> None:
    assert own_names()[: len(ORDER)] == list(ORDER)
    assert listed()[: len(ORDER)] == list(ORDER)


@pytest.mark.parametrize("name", own_names())
def test_a_command_has_the_name_of_its_module(name: str) -> None:
    assert own_command(name).name == name


def test_a_new_file_is_a_new_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = '''
        import click

        @click.command()
        def say_hello() -> None:
            """Greet."""
            click.echo("hello")
        '''
    (tmp_path / "say_hello.py").write_text(dedent(source))
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert "say-hello" in listed()[len(ORDER) :]
    assert run("say-hello").stdout == "hello\n"


GREETING = """
    import click

    @click.command(short_help="Greet somebody.")
    @click.argument("name")
    def greet(name: str) -> None:
        click.echo(f"hello {name}")
    """


def test_another_package_adds_a_command(install: Install) -> None:
    before = listed()
    install("zgreet = acme_tools:greet", GREETING)
    assert listed() == [*before, "zgreet"]
    assert "  zgreet      Greet somebody.\n" in run("--help").stdout
    assert run("zgreet", "ada").stdout == "hello ada\n"
    assert "did you mean 'zgreet'" in run("zgret").stderr


def test_another_package_does_not_replace_a_command_of_ours(install: Install) -> None:
    before = listed()
    install("serve = acme_tools:greet", GREETING)
    assert listed() == before
    assert own_command("serve") is root.get_command(click.Context(root), "serve")


@pytest.mark.parametrize(
    ("value", "source", "reason"),
    [
        ("acme_missing:greet", "", "ModuleNotFoundError: No module named 'acme_missing'"),
        ("acme_tools:greet", "", "AttributeError: module 'acme_tools' has no attribute 'greet'"),
        ("acme_tools:greet", "import acme_needed", "ModuleNotFoundError: No module named 'acme_n"),
        ("acme_tools:greet", "raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("acme_tools:greet", "raise SystemExit('no')", "SystemExit: no"),
        ("acme_tools:greet", "def greet(): ...", "acme_tools:greet is no click command"),
    ],
)
def test_a_broken_entry_point_is_one_line_that_says_whose_it_is_and_why(
    install: Install, value: str, source: str, reason: str
) -> None:
    install(f"greet = {value}", source)
    for arguments in (["greet"], ["greet", "--help"], ["greet", "ada", "--nonsense"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(
            "postbacks: the command 'greet' of the package acme-tools 1.2 cannot be loaded: "
            + reason
        )
        assert result.stderr.count("\n") == 1


def test_a_broken_entry_point_does_not_break_the_other_commands(install: Install) -> None:
    before = listed()
    install(
        """
        broken = acme_missing:greet
        greet = acme_tools:greet
        """,
        GREETING,
    )
    assert set(listed()) == {*before, "broken", "greet"}
    assert "  broken      Cannot be loaded; run it to see why.\n" in run("--help").stdout
    assert run("greet", "ada").stdout == "hello ada\n"
    assert run("serve", "--help").exit_code == 0
    assert json.loads(run("broken", "--json").stderr)["type"].endswith(":command-unusable")


def in_another_process(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


#: Runs the command line, then says what it has imported of what it did not need.
WHAT_IT_IMPORTS = """
    import atexit, sys
    from mockserver.cli.root import root

    def tell():
        needless = ("contracts", "importlib.metadata", "mockserver.cli.commands.rules")
        print([name for name in needless if name in sys.modules], flush=True)

    atexit.register(tell)
    root.main(sys.argv[1:])
    """


@pytest.mark.parametrize(
    "arguments", [["--version"], ["serve", "--help"], ["advance", "--help"]], ids=" ".join
)
def test_a_command_of_ours_imports_no_other_and_asks_for_no_entry_point(
    arguments: list[str],
) -> None:
    assert in_another_process(WHAT_IT_IMPORTS, *arguments).splitlines()[-1] == "[]"


def test_serving_imports_no_contracts_and_asks_for_no_entry_point() -> None:
    code = """
        import importlib.metadata, os, signal, sys, threading

        def refuse(**_):
            raise AssertionError("somebody asked for entry points")

        importlib.metadata.entry_points = refuse
        from mockserver.cli import serving
        from mockserver.cli.root import root

        class Server(serving.ApiServer):
            def start(self):
                super().start()
                names = [name for name in sys.modules if name.split(".")[0] == "contracts"]
                names += [name for name in sys.modules if name.endswith("cli.commands.rules")]
                print(names, flush=True)
                os.kill(os.getpid(), signal.SIGTERM)

        serving.ApiServer = Server
        root.main(["serve", "--ephemeral", "--port", "0", "--receiver-port", "0", "--json"])
        """
    assert in_another_process(code).splitlines()[1:] == ["[]"]


def test_without_the_contract_suite_its_commands_are_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {"contracts", "verify"} <= set(listed())
    # As if the folder were not there: only `mockserver` is installed.
    monkeypatch.setitem(sys.modules, "contracts", None)
    assert listed() == list(ORDER)
    result = run("contracts", "list")
    assert result.exit_code == 2
    assert result.stderr.startswith("postbacks: no such command 'contracts'")
