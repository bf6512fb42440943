"""Who takes an endpoint down and up again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from contracts.verify import operator
from contracts.verify.operator import AskingOperator, CommandOperator, OperatorFailed


def test_each_command_is_run_as_it_would_be_typed(tmp_path: Path) -> None:
    log = tmp_path / "a log"
    lent = CommandOperator(f"echo down >> '{log}'", f"echo 'up & up' | cat >> '{log}'")
    lent.down()
    lent.up()
    assert log.read_text() == "down\nup & up\n"
    assert lent.description == "the given commands"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("exit 3", "--down-command ended with 3: exit 3$"),
        ("echo first >&2; echo 'no such unit' >&2; exit 4", "ended with 4: .*: no such unit$"),
        ("no-such-program-anywhere", "--down-command ended with 127: .*not found"),
        ("a\0b", "--down-command cannot be run: "),
    ],
)
def test_a_command_that_fails_is_told_with_its_last_complaint(command: str, said: str) -> None:
    with pytest.raises(OperatorFailed, match=said):
        CommandOperator(command, "true").down()


def test_the_second_command_is_told_by_its_own_option() -> None:
    with pytest.raises(OperatorFailed, match=r"^--up-command ended with 1: false$"):
        CommandOperator("true", "false").up()


def test_a_command_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "COMMAND_REAL_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(OperatorFailed, match=r"within 0\.2 s: sleep 60; put a server into"):
        CommandOperator("true", "sleep 60").up()
    assert time.monotonic() - began < 20


def test_somebody_is_asked_and_waited_for() -> None:
    asked: list[str] = []
    lent = AskingOperator(asked.append)
    lent.down()
    lent.up()
    assert [text.split(",")[0] for text in asked] == [
        "take the endpoint down now",
        "take the endpoint up again",
    ]
