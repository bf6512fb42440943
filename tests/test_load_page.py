"""The page on loads tells the truth: its commands print what it shows, and it has every option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mockserver.cli.commands.load import load
from mockserver.cli.commands.plan import FORMATS, plan
from mockserver.cli.root import root
from mockserver.load.capacity import MOST_FAILED, SLOWEST
from mockserver.load.choices import FOR_SHAPES
from mockserver.load.job import CONNECTIONS
from mockserver.load.target import FAR_BUDGET, NEAR_BUDGET

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "load.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```\n\$ postbacks (plan .*)\n((?:.*\n)*?)```", PAGE)


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_a_command_prints_what_the_page_shows(command: str, shown: str) -> None:
    """But for bars, which are drawn of what the terminal has, and what `...` stands for."""
    result = CliRunner().invoke(root, shlex.split(command), env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    printed = [line.rstrip("█# ") for line in result.stdout.splitlines()]
    place = 0
    for line in shown.splitlines():
        wanted = line.rstrip("█# ")
        if wanted.strip() == "...":
            continue
        assert wanted in printed[place:], f"not printed, or not there: {line}"
        place = printed.index(wanted, place) + 1
    assert len(shown.splitlines()) > 5


def test_what_the_page_says_of_its_example_is_so() -> None:
    ((_, shown),) = [each for each in EXAMPLES if "--outage" in each[0]]
    failed, total, following, alone, peak = (
        int(re.search(pattern, shown)[1].replace(",", ""))  # type: ignore[index]
        for pattern in (
            r"- ([\d,]+) of [\d,]+ postbacks fail",
            r"- [\d,]+ of ([\d,]+) postbacks fail",
            r"first attempts ([\d,]+) fail",
            r"fail, ([\d,]+) if it came",
            r"\+3h +[\d,]+ +[\d,]+ +[\d,]+ +([\d,]+)",
        )
    )
    assert 0.6 < failed / total < 0.72  # two thirds
    assert following > 2 * alone
    assert f"{peak}/s at an endpoint that answers 250/s" in PAGE


@pytest.mark.parametrize(
    "parameter",
    [*plan.params, *(each for each in load.params if isinstance(each, click.Option))],
    ids=lambda parameter: parameter.name,
)
def test_every_option_is_on_the_page(parameter: click.Parameter) -> None:
    assert re.search(rf"[` ]{parameter.opts[0]}\b", PAGE)


def test_the_numbers_of_a_load_are_those_of_the_code() -> None:
    for number in (NEAR_BUDGET, FAR_BUDGET):
        assert f"{number:,} postbacks" in PAGE or f"{number:,} beyond it" in PAGE
    assert f"`--connections` ({CONNECTIONS})" in PAGE
    assert f"within {SLOWEST.total_seconds():g} second" in PAGE.replace("a second", "1 second")
    assert f"fewer than {100 * MOST_FAILED:g} % fail" in PAGE


@pytest.mark.parametrize("shape", ["campaign", "constant", "ramp", "steps"])
def test_every_shape_has_its_options_in_the_table(shape: str) -> None:
    (row,) = re.findall(rf"^\| `{shape}` \|.*$", PAGE, re.M)
    for option, shapes in FOR_SHAPES.items():
        named = re.search(rf"`--{option.replace('_', '-')}[ `]", row) is not None
        assert named == (shape in shapes), (shape, option)


def test_every_format_is_listed() -> None:
    (row,) = re.findall(r"^\| `--report` \|.*$", PAGE, re.M)
    assert set(re.findall(r"`(\w+)=FILE`", row)) == set(FORMATS)
