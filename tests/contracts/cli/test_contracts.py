"""`postbacks contracts`: the commands, `list` and `explain`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from contracts.suite.registry import all_cases, find_case
from contracts.suite.requirements import load
from contracts.suite.vocabulary import TargetKind
from mockserver.cli.root import root
from tests.cli.conftest import CommandLine


@pytest.fixture
def offline() -> CommandLine:
    """Return the command line, pointed at no sandbox."""
    return CommandLine("")


def summary(remarks: str) -> str:
    return remarks.splitlines()[-1]


# The group


def test_the_commands_stand_in_the_order_in_which_people_need_them() -> None:
    shown = CliRunner().invoke(root, ["contracts", "--help"], env={"COLUMNS": "80"}).stdout
    commands = shown.partition("Commands:\n")[2]
    names = [line.split()[0] for line in commands.splitlines()]
    assert names == ["list", "explain", "run", "replay", "prove"]
    assert "..." not in commands


def test_without_a_command_the_help_is_shown() -> None:
    result = CliRunner().invoke(root, ["contracts"], prog_name="postbacks")
    assert result.exit_code == 2
    assert result.stdout.startswith("Usage: postbacks contracts")


def test_a_typo_is_answered_with_the_nearest_command(offline: CommandLine) -> None:
    assert "did you mean 'explain'" in offline.fails(2, "contracts", "explian")


def test_the_help_of_run_says_what_its_exit_codes_and_defaults_are() -> None:
    shown = CliRunner().invoke(root, ["contracts", "run", "--help"], env={"COLUMNS": "80"}).stdout
    for word in ("--embedded", "--baseline", "--i-own-this-app", "--snapshots", "leanplum-snapsh"):
        assert word in shown
    # There is no default address here: without one a sandbox is started.
    assert "127.0.0.1:8780" not in shown


def test_help_loads_nothing_of_the_suite() -> None:
    program = (
        "import sys, mockserver.cli.root\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('contracts', 'hypothesis',"
        " 'jinja2', 'yaml')])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"


# list


def listed(command_line: CommandLine, *arguments: str) -> list[str]:
    result = command_line.run("contracts", "list", *arguments, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return [case["id"] for case in json.loads(result.stdout)["cases"]]


def test_all_cases_are_listed_in_their_order(offline: CommandLine) -> None:
    assert listed(offline) == [case.id for case in all_cases()]


def test_the_list_for_people(offline: CommandLine) -> None:
    result = offline.run("contracts", "list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    ids = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert ids == [case.id for case in all_cases()]
    told = f"{len(all_cases())} cases; `postbacks contracts explain ID` tells more"
    assert result.stderr == f"{told}\n"
    cap = lines[ids.index("PB-RULES-CAP") * 2]
    assert cap.split() == ["PB-RULES-CAP", "MUST", "documented", "fake,", "real"]


def test_one_case_is_one_case(offline: CommandLine) -> None:
    result = offline.run("contracts", "list", "--case", "PB-RULES-CAP")
    assert result.stderr.startswith("1 case;")


def test_the_list_is_filtered(offline: CommandLine) -> None:
    everything = {case.id: case for case in all_cases()}
    assert listed(offline, "--case", "PB-RULES-CAP*") == [
        id for id in everything if id.startswith("PB-RULES-CAP")
    ]
    assert set(listed(offline, "--case", "rules", "--case", "pb-api-key-*")) == {
        id for id in everything if id.startswith(("PB-RULES-", "PB-API-KEY-"))
    }
    should = listed(offline, "--level", "should", "--level", "MAY")
    assert should == [id for id, case in everything.items() if case.level in ("SHOULD", "MAY")]
    real = listed(offline, "--target", "real")
    assert real == [id for id, case in everything.items() if TargetKind.REAL in case.targets]
    musts = listed(offline, "--target", "real", "--level", "must", "--case", "rules")
    assert "PB-RULES-CAP" in musts
    assert set(musts) < set(real)


def test_what_json_says_of_a_case(offline: CommandLine) -> None:
    (case,) = offline.json("contracts", "list", "--case", "PB-RULES-CAP")["cases"]
    assert case["id"] == "PB-RULES-CAP"
    assert (case["level"], case["origin"], case["kind"]) == ("MUST", "documented", "example")
    assert case["targets"] == ["fake", "real"]
    assert case["needs"] == ["control API"]
    assert "cap-of-four" in case["catches"]
    assert all(statement["text"] and statement["page"] for statement in case["statements"])
    assert all(case[name] for name in ("title", "check", "why", "fix"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--case", "PB-RULES-CAPP"], ["no case matches 'PB-RULES-CAPP'", "'PB-RULES-CAP'"]),
        (["--case", "nothing"], ["no case matches 'nothing'", "postbacks contracts list"]),
        (["--case", "PB-RULES-CAP", "--level", "may"], ["no case is left", "PB-RULES-CAP", "MAY"]),
        (["--target", "real", "--case", "PB-RETRY-*"], ["no case is left", "real"]),
        (["--level", "shall"], ["--level", "'shall'", "should"]),
        (["--target", "sandbox"], ["--target", "'sandbox'", "fake"]),
        (["PB-RULES-CAP"], ["PB-RULES-CAP", "contracts list --help"]),
    ],
)
def test_what_selects_nothing_is_wrong_usage(
    offline: CommandLine, arguments: list[str], told: list[str]
) -> None:
    message = offline.fails(2, "contracts", "list", *arguments)
    for word in told:
        assert word in message


# explain


def test_everything_is_told_of_a_case(offline: CommandLine) -> None:
    result = offline.run("contracts", "explain", "PB-RULES-CAP")
    assert result.exit_code == 0
    shown = result.stdout
    assert shown.startswith("PB-RULES-CAP  An app takes three rules and refuses a fourth\n")
    for heading in (
        "Statements",
        "What is checked",
        "Why it matters",
        "How to fix it",
        "Broken fakes it must catch",
    ):
        assert f"\n{heading}\n" in shown
    for statement in load().statements_of("PB-RULES-CAP"):
        assert statement.text in " ".join(shown.split())
        assert statement.link in shown
    assert "cap-of-four: An app may have four rules." in shown
    assert "run it: postbacks contracts run --case PB-RULES-CAP" in result.stderr


def test_an_id_may_be_written_in_lower_case(offline: CommandLine) -> None:
    either = [
        offline.run("contracts", "explain", case_id).stdout
        for case_id in ("pb-rules-cap", "PB-RULES-CAP")
    ]
    assert either[0] == either[1]


@pytest.mark.parametrize("case_id", [case.id for case in all_cases()])
def test_every_case_can_be_explained(offline: CommandLine, case_id: str) -> None:
    result = offline.run("contracts", "explain", case_id)
    assert result.exit_code == 0
    heading = "Follows from\n" if find_case(case_id).follows_from else "Statements\n"
    assert "  - " in result.stdout.partition(heading)[2].partition("What is checked")[0]
    assert "\n\n\n" not in result.stdout


def test_a_case_without_deviants_promises_none(offline: CommandLine) -> None:
    for case in all_cases():
        shown = offline.run("contracts", "explain", case.id).stdout
        broken = "Broken endpoints" if case.follows_from else "Broken fakes"
        assert (broken in shown) is bool(case.catches)


def test_a_case_is_explained_in_json(offline: CommandLine) -> None:
    explained = offline.json("contracts", "explain", "pb-rules-cap")
    (one,) = offline.json("contracts", "list", "--case", "PB-RULES-CAP")["cases"]
    assert explained == one


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["PB-RULES-CAPP"], ["no case has the id 'PB-RULES-CAPP'", "'PB-RULES-CAP'"]),
        (["rules"], ["no case has the id 'rules'", "postbacks contracts list"]),
        ([""], ["no case has the id ''"]),
        ([], ["missing argument 'ID'"]),
        (["PB-RULES-CAP", "PB-RULES-ID"], ["PB-RULES-ID"]),
    ],
)
def test_an_unknown_case_is_wrong_usage(
    offline: CommandLine, arguments: list[str], told: list[str]
) -> None:
    message = offline.fails(2, "contracts", "explain", *arguments)
    for word in told:
        assert word in message


def test_with_json_an_error_is_a_problem_on_stderr(offline: CommandLine) -> None:
    result = offline.run("contracts", "explain", "PB-NO", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr)["type"] == "urn:postbacks:problem:nothing-selected"
