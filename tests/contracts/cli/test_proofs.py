"""`postbacks contracts prove`: one deviant at a time, the list, and what is wrong usage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.cli import proofs as contract_proofs
from contracts.proof import proof
from contracts.proof.catalog import AnyDeviant, all_deviants
from contracts.proof.matrix import TRUE_FAKE, Draw, DrawnDeviant, Proof
from contracts.proof.proof import columns_for, matrix_of, provable_cases
from contracts.suite.vocabulary import Status, TargetKind
from contracts.verify.endpoints import catalog as endpoint_catalog
from mockserver.core.errors import InvalidValue
from tests.cli.conftest import CommandLine


@pytest.fixture
def offline() -> CommandLine:
    """Return the command line, pointed at no sandbox."""
    return CommandLine("")


Change = Callable[[dict[str, dict[str, Status]]], None]


@pytest.fixture
def matrix_without_runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Return what lets `prove` fill the matrix as cases say it is, with a change or two."""

    def install(change: Change) -> None:
        def filled(
            deviants: Sequence[AnyDeviant],
            *,
            workers: int | None,
            on_column: Callable[[str], None],
        ) -> Proof:
            cells = {
                name: {
                    case.id: Status.FAIL if name in case.catches else Status.PASS
                    for case in provable_cases(kind_of(name))
                }
                for name in columns_for(deviants)
            }
            change(cells)
            for name in cells:
                on_column(name)
            return matrix_of(deviants, cells)

        monkeypatch.setattr(contract_proofs, "prove", filled)

    return install


def kind_of(column: str) -> TargetKind:
    endpoints = {each.name for each in (*endpoint_catalog.GOOD, *endpoint_catalog.DEVIANTS)}
    return TargetKind.ENDPOINT if column in endpoints else TargetKind.FAKE


def unchanged(cells: dict[str, dict[str, Status]]) -> None:
    """Leave everything as cases say it is."""


# A real one


def test_one_deviant_is_proved_in_processes_of_its_own(
    offline: CommandLine, tmp_path: Path
) -> None:
    html, document = tmp_path / "matrix.html", tmp_path / "matrix.json"
    shown = offline.ok(
        "contracts",
        "prove",
        "--deviant",
        "cap-of-two",
        "--workers",
        "2",
        "--report",
        f"html={html}",
        "--report",
        f"json={document}",
    )
    assert "PB-RULES-CAP" in shown
    assert (
        f"the fake itself passes {len(provable_cases())} of {len(provable_cases())} cases" in shown
    )
    assert "proved: the deviant is caught" in shown or "proved: 1 deviant" in shown
    proof = msgspec.json.decode(document.read_bytes(), type=Proof)
    assert set(proof.cells) == {TRUE_FAKE, "cap-of-two"}
    assert proof.cells["cap-of-two"]["PB-RULES-CAP"] is Status.FAIL
    assert "cap-of-two" in html.read_text(encoding="utf-8")


# What is shown


def test_what_is_shown_fits_a_terminal(
    offline: CommandLine,
    matrix_without_runs: Callable[[Change], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_on_a_terminal(monkeypatch)
    matrix_without_runs(unchanged)
    shown = offline.run("contracts", "prove").stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 90
    first_column = {line.split(" ")[0] for line in lines[1 : lines.index("")]} - {""}
    assert first_column == {deviant.name for deviant in all_deviants()}
    assert f"each of {len(all_deviants())} deviants is caught" in lines[-1]
    assert f"no MUST fails on {len(endpoint_catalog.GOOD)} good endpoints" in lines


def test_what_cannot_be_served_here_is_told(
    offline: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "missing_needs", lambda deviant: list(deviant.needs))
    arguments = ("contracts", "prove", "--deviant", "old-tls", "--deviant", "only-get")
    shown = offline.ok(*arguments, "--allow-skipped")
    told = re.sub(r"\s+", " ", shown)
    assert "not tried: old-tls needs trustme, which this machine lacks" in told
    assert "not tried: good-behind-nginx needs nginx, which this machine lacks" in told
    assert "proved: the deviant is caught" in told


@pytest.fixture
def half_a_machine(
    matrix_without_runs: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let everything be caught that needs neither trustme nor nginx, and leave out the rest."""
    matrix_without_runs(unchanged)
    filled = contract_proofs.prove
    monkeypatch.setattr(proof, "missing_needs", lambda deviant: list(deviant.needs))

    def partly(deviants: Sequence[AnyDeviant], **options: Any) -> Proof:
        whole = filled(deviants, **options)
        left_out = proof.reasons_to_leave_out([*endpoint_catalog.GOOD, *deviants])
        cells = {name: cell for name, cell in whole.cells.items() if name not in left_out}
        return matrix_of(deviants, cells, left_out)

    monkeypatch.setattr(contract_proofs, "prove", partly)


@pytest.mark.usefixtures("half_a_machine")
@pytest.mark.parametrize("arguments", [(), ("--deviant", "only-get"), ("--deviant", "*tls*")])
def test_what_was_not_tried_is_not_proved(offline: CommandLine, arguments: tuple[str, ...]) -> None:
    result = offline.run("contracts", "prove", *arguments)
    assert result.exit_code == 2
    assert "not tried: good-behind-nginx needs nginx" in re.sub(r"\s+", " ", result.stdout)
    assert result.stderr.count("\n") == 1
    assert "could not be tried: " in result.stderr
    assert "good-behind-nginx needs nginx" in result.stderr
    document = offline.run("contracts", "prove", *arguments, "--json")
    assert document.exit_code == 2
    assert "good-behind-nginx" in json.loads(document.stdout)["proof"]["left_out"]
    assert json.loads(document.stderr)["type"] == "urn:postbacks:problem:not-all-tried"


@pytest.mark.usefixtures("half_a_machine")
def test_what_was_not_tried_may_be_allowed(offline: CommandLine) -> None:
    shown = offline.ok("contracts", "prove", "--allow-skipped")
    tried = len(all_deviants()) - sum(bool(getattr(one, "needs", ())) for one in all_deviants())
    assert f"proved: each of {tried} deviants" in shown


@pytest.mark.usefixtures("half_a_machine")
@pytest.mark.parametrize("more", [(), ("--allow-skipped",)])
def test_a_proof_over_nothing_is_none(offline: CommandLine, more: tuple[str, ...]) -> None:
    result = offline.run("contracts", "prove", "--deviant", "old-tls", *more)
    assert result.exit_code == 2
    assert "proved:" not in result.stdout
    assert "nothing is proved" in result.stderr


def test_no_deviants_at_all_are_refused() -> None:
    with pytest.raises(InvalidValue, match="a proof over nothing"):
        proof.prove([])


def test_endpoints_are_proved_without_the_fake(offline: CommandLine) -> None:
    shown = offline.ok("contracts", "prove", "--deviant", "only-get")
    assert "the fake itself" not in shown
    assert f"no MUST fails on {len(endpoint_catalog.GOOD)} good endpoints" in shown


def test_no_run_is_aimed_at_a_broken_endpoint(offline: CommandLine) -> None:
    message = offline.fails(2, "contracts", "run", "--deviant", "only-get")
    assert "'only-get' is a broken endpoint" in message


def test_a_deviant_that_nobody_catches_is_no_proof(
    offline: CommandLine, matrix_without_runs: Callable[[Change], None]
) -> None:
    def survive(cells: dict[str, dict[str, Status]]) -> None:
        cells["cap-of-four"] = dict.fromkeys(cells["cap-of-four"], Status.PASS)

    matrix_without_runs(survive)
    result = offline.run("contracts", "prove")
    assert result.exit_code == 1
    assert "NOBODY" in result.stdout
    assert "FAULT  PB-RULES-CAP is PASS on cap-of-four, which it names" in result.stdout
    assert "this is no proof" in result.stdout


@pytest.mark.parametrize("status", [Status.FAIL, Status.WARN, Status.ERROR, Status.UNTESTABLE])
def test_a_fake_that_does_not_pass_is_no_proof(
    offline: CommandLine, matrix_without_runs: Callable[[Change], None], status: Status
) -> None:
    def fail(cells: dict[str, dict[str, Status]]) -> None:
        cells[TRUE_FAKE]["PB-RULES-ID"] = status

    matrix_without_runs(fail)
    for arguments in ([], ["--deviant", "cap-of-two"]):
        result = offline.run("contracts", "prove", *arguments)
        assert result.exit_code == 1
        assert f"FAULT  PB-RULES-ID is {status} on the true fake" in result.stdout


def test_an_error_of_the_suite_on_a_deviant_is_no_proof(
    offline: CommandLine, matrix_without_runs: Callable[[Change], None]
) -> None:
    def break_off(cells: dict[str, dict[str, Status]]) -> None:
        cells["cap-of-two"]["PB-API-VERSION"] = Status.ERROR

    matrix_without_runs(break_off)
    result = offline.run("contracts", "prove", "--deviant", "cap-of-two")
    assert result.exit_code == 1
    assert "PB-API-VERSION ended in an error of its own on cap-of-two" in result.stdout


def test_json_is_the_matrix_and_its_faults(
    offline: CommandLine, matrix_without_runs: Callable[[Change], None]
) -> None:
    matrix_without_runs(unchanged)
    document = offline.json("contracts", "prove", "--deviant", "cap-of-*")
    assert document["faults"] == []
    names = [deviant["name"] for deviant in document["proof"]["deviants"]]
    assert names == ["cap-of-two", "cap-of-four"]
    assert set(document["proof"]["cells"]) == {TRUE_FAKE, *names}


# The list


def as_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rich lay out for a terminal, but write no colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


def test_the_deviants_are_a_line_each_in_a_pipe(offline: CommandLine) -> None:
    lines = offline.run("contracts", "prove", "--list").stdout.splitlines()
    assert len(lines) == 1 + len(all_deviants())


def test_the_deviants_are_listed(offline: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_a_terminal(monkeypatch)
    result = offline.run("contracts", "prove", "--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    first_column = {line.split(" ")[0] for line in lines[1:]} - {""}
    assert first_column == {deviant.name for deviant in all_deviants()}
    assert result.stderr == f"{len(all_deviants())} deviants\n"


def test_some_deviants_are_listed(offline: CommandLine) -> None:
    names: list[dict[str, Any]] = offline.json(
        "contracts", "prove", "--list", "--deviant", "cap-of-*", "--deviant", "jitter"
    )["deviants"]
    assert [deviant["name"] for deviant in names] == ["cap-of-two", "cap-of-four", "jitter"]
    assert all(deviant["change"] and deviant["area"] for deviant in names)


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--deviant", "cap-of-tow"], ["'cap-of-tow'", "did you mean 'cap-of-two'", "--list"]),
        (["--deviant", "cap-of-tvo*"], ["'cap-of-tvo*'", "did you mean 'cap-of-two'"]),
        (["--deviant", "CAP-OF-*"], ["did you mean 'cap-of-two'"]),
        (["--deviant", ""], ["no deviant is called ''", "--list"]),
        (["--deviant", "cap-of-two", "--deviant", ""], ["no deviant is called ''"]),
        (["--deviant", "zzz*"], ["'zzz*'", "--list"]),
        (["--deviant", "cap-of-two", "--deviant", "zzz"], ["'zzz'"]),
        (["--list", "--deviant", "zzz"], ["'zzz'"]),
        (["--report", "junit=x.xml"], ["html, json", "'junit=x.xml'"]),
        (["--report", "html"], ["FORMAT=FILE", "'html'"]),
        (["--report", "html=/nowhere/matrix.html"], ["/nowhere/matrix.html"]),
        (["--report", "json=/"], ["cannot write"]),
        (["--workers", "0"], ["--workers", "0"]),
        (["--workers", "many"], ["--workers", "'many'"]),
    ],
)
def test_wrong_usage_is_one_line_before_anything_is_run(
    offline: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: list[str],
) -> None:
    def unwanted(*_: object, **__: object) -> Proof:
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr(contract_proofs, "prove", unwanted)
    message = offline.fails(2, "contracts", "prove", *arguments)
    for word in told:
        assert word in message


def test_with_json_wrong_usage_is_a_problem(offline: CommandLine) -> None:
    result = offline.run("contracts", "prove", "--deviant", "zzz", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr)["type"] == "urn:postbacks:problem:unknown-deviant"


def test_drawn_fakes_alone(offline: CommandLine) -> None:
    ran = offline.run("contracts", "prove", "--drawn", "2", "--seed", "5", "--deviant", "drawn-*")
    assert ran.exit_code == 0
    assert ran.stdout.strip() == "caught 2 of 2 drawn with seed 5"


def test_a_drawn_fake_that_gets_away_is_told_and_fails(
    offline: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(seed: int, number: int, **_: object) -> Draw:
        return Draw(seed, [DrawnDeviant("drawn-9-0", "retry", "A 299 is no success.", "")])

    monkeypatch.setattr(contract_proofs, "prove_drawn", missing)
    ran = offline.run("contracts", "prove", "--drawn", "1", "--seed", "9", "--deviant", "drawn-*")
    assert ran.exit_code == 1
    assert "NOBODY caught drawn-9-0: A 299 is no success." in ran.stdout
    assert "caught 0 of 1 drawn with seed 9" in ran.stdout


def test_drawn_fakes_beside_a_deviant(
    offline: CommandLine, matrix_without_runs: Callable[[Change], None], tmp_path: Path
) -> None:
    matrix_without_runs(lambda cells: None)
    path = tmp_path / "proof.json"
    ran = offline.run(
        *("contracts", "prove", "--drawn", "1", "--deviant", "cap-of-two"),
        *("--report", f"json={path}"),
    )
    assert ran.exit_code == 0
    found = msgspec.json.decode(path.read_bytes(), type=Proof)
    assert found.drawn is not None
    assert found.drawn.rate == "1 of 1 drawn with seed 1"
