"""`postbacks doctor --db` names what is damaged in a database, and how to put it right."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver import Sandbox
from mockserver.cli.root import root
from mockserver.ledger.opening import open_ledger
from tests.cli.serving import serve


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["doctor", *arguments])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with Sandbox(ledger=open_ledger(path)) as sandbox:
        sandbox.add_postback(sandbox.inbox("a").url)
        for _ in range(3):
            sandbox.trigger("email.click")
    return path


def damage(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(statement)


def test_a_sound_one(path: Path) -> None:
    result = doctor("--db", str(path))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "ok      deliveries: 3 rows" in lines
    assert lines[-1] == "nothing is damaged"


def test_a_damaged_one_is_a_line_for_each_kind(path: Path) -> None:
    damage(path, "UPDATE deliveries SET event = '[]' WHERE id > 1")
    damage(path, "DELETE FROM progress WHERE delivery_id = 1")
    result = doctor("--db", str(path))
    assert result.exit_code == 1
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert failed[0].startswith(
        "FAILED  deliveries: 2 rows whose event is not an event that can be read, "
        "the first id 2; put it right or restore the file while no `postbacks serve` has it"
    )
    assert "deliveries: 1 row without their progress" in failed[1]
    assert "attempts: 1 row of a delivery that is not there, the first id 1" in failed[2]
    assert len(failed) == 3
    assert result.stderr == f"postbacks: 3 kinds of damage in {path}\n"


def test_as_json(path: Path) -> None:
    damage(path, "UPDATE attempts SET kind = '?'")
    result = doctor("--db", str(path), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["passed"], document["version"]) == (False, 2)
    assert document["database"] == str(path)
    assert document["rows"]["attempts"] == 3
    (found,) = document["damages"]
    assert found["table"] == "attempts"
    assert (found["count"], found["first"]) == (3, "id 1")
    assert json.loads(doctor("--db", str(path), "--json").stdout) == document


def test_a_table_that_is_gone_has_no_number(path: Path) -> None:
    damage(path, "DROP TABLE settings")
    result = doctor("--db", str(path))
    assert "FAILED  settings: cannot be read any further: no such table: settings" in result.stdout


def test_what_cannot_be_shown_as_it_is(path: Path) -> None:
    damage(path, "UPDATE apps SET app_id = CAST(x'1b5b33316dff' AS TEXT)")
    result = doctor("--db", str(path))
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "whose app_id is not text in UTF-8" in result.stdout


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "--db is empty"),
        ("nowhere.db", "there is no such file"),
        ("memory://", "in memory"),
    ],
)
def test_what_is_no_database(place: str, words: str) -> None:
    result = doctor("--db", place)
    assert result.exit_code in (1, 2)
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_beside_a_serve_that_has_it_open_and_what_is_said_puts_it_right(tmp_path: Path) -> None:
    with serve(tmp_path, "--db", "ledger.db", "--clock", "manual") as served:
        served.client.add_postback("YOUR_APP_ID", "http://127.0.0.1:9/")
        path = tmp_path / "ledger.db"
        assert doctor("--db", str(path)).exit_code == 0
        damage(path, "UPDATE rules SET channels = '?'")
        result = doctor("--db", str(path))
        assert "rules: 1 row whose channels is not a list of channels" in result.stdout
        assert "`postbacks reset`" in result.stdout
        served.client.reset()
        assert doctor("--db", str(path)).exit_code == 0
