"""Who may open a ledger's file, and what keeps those apart who share one."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.core.errors import LedgerUnusable, RuleLimitReached
from mockserver.ledger.sql.ledger import SqlLedger
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import FAR, START, add, add_rule, ids
from tests.ledger.test_concurrency import at_once

ROOT = Path(__file__).parents[3]

#: Opens a ledger, says so, and keeps it until its standard input ends.
HOLDER = """
import sys
from mockserver.ledger.sqlite.store import open_sqlite
ledger = open_sqlite(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""

#: Claims one attempt at a time until none is left, and says which.
CLAIMER = """
import sys
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import FAR
ledger = open_sqlite(sys.argv[1], exclusive=False)
while claimed := ledger.claim(FAR, 1):
    print(claimed[0].delivery_id)
ledger.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqlLedger]:
    opened = open_sqlite(path)
    yield opened
    opened.close()


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(text).fetchall()


class TestOwner:
    def test_a_second_process_is_told_who_has_the_file(self, path: Path) -> None:
        with closing(open_sqlite(path)):
            run = subprocess.run(
                [sys.executable, "-c", HOLDER, str(path)],
                capture_output=True,
                text=True,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                timeout=60,
                check=False,
            )
        assert run.returncode == 1
        assert run.stderr.splitlines()[-1].endswith(
            f"LedgerUnusable: {path} is in use by process {os.getpid()}; "
            "stop it, or choose another file for this one"
        )

    def test_the_lock_ends_with_its_process_even_by_kill_9(self, path: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "open\n"
            with pytest.raises(LedgerUnusable, match=f"in use by process {holder.pid};"):
                open_sqlite(path)
            holder.kill()
        open_sqlite(path).close()

    def test_the_same_process_is_no_exception(self, ledger: SqlLedger, path: Path) -> None:
        with pytest.raises(LedgerUnusable, match=f"in use by process {os.getpid()};"):
            open_sqlite(path)

    def test_a_link_leads_to_the_same_owner(self, ledger: SqlLedger, path: Path) -> None:
        link = path.with_name("link.db")
        link.symlink_to(path)
        with pytest.raises(LedgerUnusable, match="in use by process"):
            open_sqlite(link)

    def test_a_failed_opening_lets_the_file_go(self, path: Path) -> None:
        query(path, "CREATE TABLE songs (title)")
        for _ in range(2):
            with pytest.raises(LedgerUnusable, match="another program"):
                open_sqlite(path)

    def test_it_can_be_turned_off(self, path: Path) -> None:
        with (
            closing(open_sqlite(path, exclusive=False)) as ledger,
            closing(open_sqlite(path, exclusive=False)) as other,
        ):
            add(ledger, START)
            assert ids(other.claim(FAR, 1)) == [1]
            assert ledger.claim(FAR, 1) == []

    @pytest.mark.parametrize("exclusive", [True, False])
    def test_who_has_it_alone_shares_it_with_nobody(self, path: Path, exclusive: bool) -> None:
        """It remembers what is in the file, so nobody else may write to it."""
        for _ in range(2):
            with (
                closing(open_sqlite(path, exclusive=exclusive)),
                pytest.raises(LedgerUnusable, match=f"in use by process {os.getpid()};"),
            ):
                open_sqlite(path, exclusive=not exclusive)


class TestSharedFile:
    """Several ledgers on one file, each with a lock of its own: only the database keeps order."""

    @pytest.fixture
    def several(self, path: Path) -> Iterator[list[SqlLedger]]:
        # Opened together, so that they also create the tables together.
        opened = at_once(6, lambda _: open_sqlite(path, exclusive=False))
        yield opened
        for ledger in opened:
            ledger.close()

    def test_rules_of_all_count_together(self, several: list[SqlLedger]) -> None:
        def try_to_add(number: int) -> bool:
            try:
                add_rule(several[number % len(several)])
            except RuleLimitReached:
                return False
            return True

        assert sum(at_once(30, try_to_add)) == 3
        assert len(several[0].rules()) == 3

    def test_claims_do_not_overlap(self, several: list[SqlLedger]) -> None:
        expected = add(several[0], *[START] * 120)

        def claim_all(number: int) -> list[int]:
            claimed: list[int] = []
            while batch := several[number].claim(FAR, 3):
                claimed += ids(batch)
            return claimed

        shares = at_once(len(several), claim_all)
        assert sorted(number for share in shares for number in share) == expected

    def test_claims_of_processes_do_not_overlap(self, path: Path) -> None:
        with closing(open_sqlite(path)) as ledger:
            expected = add(ledger, *[START] * 200)
        command = [sys.executable, "-c", CLAIMER, str(path)]
        children = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)
        ]
        said = [child.communicate(timeout=120)[0] for child in children]
        assert [child.returncode for child in children] == [0, 0, 0]
        assert sorted(int(line) for each in said for line in each.split()) == expected


@pytest.mark.parametrize("call", ["pwrite", "ftruncate"])
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_a_lock_file_without_room_is_said_and_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, there: bool
) -> None:
    path = tmp_path / "ledger.db"
    if there:
        open_sqlite(path).close()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as within:
        within.setattr(os, call, full)
        with pytest.raises(
            LedgerUnusable, match=r"cannot write .*\.lock: No space left.*needs room"
        ):
            open_sqlite(path)
    open_sqlite(path).close()
