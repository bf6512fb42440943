"""Misspelt environment variables are said, and known ones are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli.root import root
from mockserver.cli.variables import unknown_variables
from mockserver.schema.settings import SETTINGS

ROOT = Path(__file__).parents[2]
#: A word of the documentation, with an underscore at its end if it is a beginning.
MENTIONED = re.compile(r"\bPOSTBACKS_[A-Z][A-Z_]*")


def mentioned() -> set[str]:
    sources = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    sources += [*(ROOT / "mockserver").rglob("*.py"), *(ROOT / "contracts").rglob("*.py")]
    return {name for path in sources for name in MENTIONED.findall(path.read_text())}


def test_every_variable_that_is_documented_or_read_is_known() -> None:
    assert len(mentioned()) > 20
    assert list(unknown_variables(dict.fromkeys(mentioned(), "1"))) == []


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_known_and_near_to_its_misspellings(setting: str) -> None:
    name = f"POSTBACKS_{setting.upper()}"
    assert list(unknown_variables({name: "1"})) == []
    for wrong in (f"{name}X", name.lower().replace("postbacks_", "POSTBACKS_")):
        if f"POSTBACKS_{wrong.removeprefix('POSTBACKS_')}" == name:
            continue
        (line,) = unknown_variables({wrong: "1"})
        assert line == f"{wrong} is no variable of postbacks and ignored; did you mean {name}?"


def test_what_is_near_to_nothing_is_said_too() -> None:
    (line,) = unknown_variables({"POSTBACKS_QQQQQQ": "1"})
    assert line.endswith("ignored; see docs/configuration.md")


@pytest.mark.parametrize(
    "name", ["POSTBACKS_SECRET_ANY", "POSTBACKS_TEST_ANY", "POSTBACK_PORT", "PATH", "_POSTBACKS_X"]
)
def test_what_is_open_or_not_ours_is_not_said(name: str) -> None:
    assert list(unknown_variables({name: "1"})) == []


def test_a_name_of_any_length_and_characters_is_one_short_line() -> None:
    (line,) = unknown_variables({"POSTBACKS_\n\x1b[31m" + "X" * 10_000: "1"})
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) < 200


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_command_says_it_on_stderr_and_ends_as_without_it(more: list[str]) -> None:
    command = ["events", *more]
    usual = CliRunner().invoke(root, command)
    told = CliRunner(env={"POSTBACKS_PROT": "1"}).invoke(root, command)
    assert told.stderr == (
        "postbacks: POSTBACKS_PROT is no variable of postbacks and ignored; "
        f"did you mean POSTBACKS_PORT?\n{usual.stderr}"
    )
    assert (told.exit_code, told.stdout) == (usual.exit_code, usual.stdout)
