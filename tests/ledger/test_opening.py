"""Which store a place leads to, and what is said of a place that leads to none."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger import opening
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.opening import IN_MEMORY, below, described, look_through, open_ledger
from mockserver.ledger.sql.ledger import SqlLedger


def test_memory_is_a_place() -> None:
    assert isinstance(open_ledger(IN_MEMORY), MemoryLedger)


@pytest.mark.parametrize("scheme", ["", "sqlite:///", "sqlite+pysqlite:///"])
def test_a_path_and_its_urls_lead_to_one_ledger(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path)) as ledger:
        assert isinstance(ledger, SqlLedger)
        ledger.save_setting("a", "b")
    with closing(open_ledger(f"{scheme}{path}")) as ledger:
        assert ledger.load_setting("a") == "b"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "mysql+pymysql://localhost/x",
            "no store for 'mysql.pymysql', only for: memory, postgres, postgresql, .*sqlite",
        ),
        (
            "sqlite+aiosqlite:///x.db",
            "no store for 'sqlite.aiosqlite', only for: memory, postgres, postgresql, .*sqlite",
        ),
        ("nonsense://x", "'nonsense', only for: memory, postgres, .*sqlite.*; write e.g. sqlite:"),
        ("://", "is not a database URL; write sqlite:///path"),
        ("sqlite://ledger.db", "write sqlite:///path/to/file, with no options"),
        ("sqlite:///ledger.db?mode=ro", "write sqlite:///path/to/file, with no options"),
        ("memory://x", "more than its scheme.*; write memory://"),
        ("memory:///x.db", "more than its scheme.*; write memory://"),
    ],
)
def test_a_url_that_means_something_else(place: str, said: str) -> None:
    with pytest.raises(LedgerUnusable, match=said):
        open_ledger(place)


def test_a_store_that_is_added_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    stores = {**opening._STORES, "dynamo": opening._open_memory}
    monkeypatch.setattr(opening, "_STORES", stores)
    assert isinstance(open_ledger("dynamo://"), MemoryLedger)
    with pytest.raises(LedgerUnusable, match="only for: dynamo, memory, postgres"):
        open_ledger("nonsense://x")


def test_a_relative_path_begins_at_the_folder() -> None:
    folder = Path("/data")
    assert below(folder, "x.db") == "/data/x.db"
    assert below(folder, "~/x.db") == str(Path.home() / "x.db")
    with pytest.raises(LedgerUnusable, match=r"home of a user who is not known.*whole path"):
        below(folder, "~nobody-of-that-name/x.db")
    for place in ("/abs/x.db", "sqlite:///x.db", ":memory:", IN_MEMORY):
        assert below(folder, place) == place


def test_where_a_ledger_is_in_words() -> None:
    assert [described(place) for place in (IN_MEMORY, ":memory:", "/x.db", "sqlite:///x.db")] == [
        "in memory",
        "in memory",
        "/x.db",
        "sqlite:///x.db",
    ]


def test_a_ledger_in_memory_is_spared_the_database() -> None:
    script = (
        "import sys; from mockserver.ledger.opening import IN_MEMORY, open_ledger; "
        "open_ledger(IN_MEMORY); print('sqlite3' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_only_files_are_looked_through_and_no_password_is_told() -> None:
    with pytest.raises(LedgerUnusable, match="only files of SQLite are looked through") as caught:
        look_through("postgresql://me:secret@db/x", {})
    assert "secret" not in str(caught.value)
