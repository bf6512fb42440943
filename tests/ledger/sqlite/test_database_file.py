"""A ledger's file: who may read it, under which name it is opened, and by how many processes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sqlite import database_file, owner_lock
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import START, add
from tests.ledger.sqlite.test_owner_lock import HOLDER, ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)

    def change(mask: int) -> None:
        os.umask(mask)

    yield change
    os.umask(before)


def modes_in(folder: Path) -> dict[str, str]:
    return {each.name: oct(stat.S_IMODE(each.lstat().st_mode)) for each in folder.iterdir()}


@contextmanager
def another_process(path: Path) -> Iterator[None]:
    """Have a process of its own hold the ledger."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        try:
            yield
        finally:
            holder.kill()


class TestPermissions:
    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
    @pytest.mark.parametrize("exclusive", [True, False])
    def test_whatever_the_umask_its_user_alone_may_read_it(
        self, path: Path, umask: Callable[[int], None], mask: int, exclusive: bool
    ) -> None:
        umask(mask)
        with closing(open_sqlite(path, exclusive=exclusive)) as ledger:
            add(ledger, START)
            umask(0o022)
            found = modes_in(path.parent)
        names = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock")
        assert found == dict.fromkeys(names, "0o600")

    def test_what_an_earlier_version_made_is_tightened(
        self, path: Path, umask: Callable[[int], None]
    ) -> None:
        umask(0)
        old = path.with_name("old")
        old.mkdir()
        with closing(open_sqlite(path)) as ledger:
            add(ledger, START)
            # As after a kill: log and index are still there.
            for each in path.parent.glob("ledger.db*"):
                shutil.copyfile(each, old / each.name)
        assert list(modes_in(old).values()) == ["0o666"] * 4
        with closing(open_sqlite(old / path.name)) as ledger:
            assert len(ledger.deliveries()) == 1
            assert list(modes_in(old).values()) == ["0o600"] * 4


class TestLinks:
    @pytest.mark.parametrize("suffix", [".lock", "-wal", "-shm", "-journal"])
    @pytest.mark.parametrize("leads_nowhere", [True, False])
    def test_nothing_beside_it_is_written_to_through_a_link(
        self, path: Path, suffix: str, leads_nowhere: bool
    ) -> None:
        target = path.with_name("precious")
        if not leads_nowhere:
            target.write_text("precious")
        link = path.with_name(path.name + suffix)
        link.symlink_to(target)
        with pytest.raises(LedgerUnusable, match=rf"{suffix} is a symbolic link.*move it away"):
            open_sqlite(path)
        assert sorted(path.parent.iterdir()) == sorted([link, *([] if leads_nowhere else [target])])
        assert leads_nowhere or target.read_text() == "precious"

    @pytest.mark.parametrize("content", ["x", "precious\n", "12x\n", "1\n2\n", "9" * 40])
    def test_somebody_elses_file_is_no_lock_file(self, path: Path, content: str) -> None:
        lock = path.with_name("ledger.db.lock")
        lock.write_text(content)
        with pytest.raises(LedgerUnusable, match=r"ledger\.db\.lock is not the lock file of a"):
            open_sqlite(path)
        assert lock.read_text() == content

    def test_a_lock_file_with_a_second_name_is_somebody_elses(self, path: Path) -> None:
        precious = path.with_name("precious")
        precious.touch()
        path.with_name("ledger.db.lock").hardlink_to(precious)
        with pytest.raises(LedgerUnusable, match=r"lock has another name as well"):
            open_sqlite(path)
        assert precious.read_bytes() == b""

    def test_a_pipe_is_not_waited_for(self, path: Path) -> None:
        os.mkfifo(path.with_name("ledger.db.lock"))
        with pytest.raises(LedgerUnusable, match=r"ledger\.db\.lock is no plain file"):
            open_sqlite(path)
        os.mkfifo(path)
        with pytest.raises(LedgerUnusable, match=r"ledger\.db: it is no plain file"):
            open_sqlite(path)

    def test_links_in_a_circle_are_a_line(self, path: Path) -> None:
        path.symlink_to(path.with_name("other"))
        path.with_name("other").symlink_to(path)
        with pytest.raises(LedgerUnusable, match="choose"):
            open_sqlite(path)


class TestOneProcess:
    def test_another_name_of_it_is_refused_while_it_is_in_use(self, path: Path) -> None:
        (path.parent / "elsewhere").mkdir()
        other = path.parent / "elsewhere" / "other.db"
        with another_process(path):
            other.hardlink_to(path)
            with pytest.raises(LedgerUnusable, match=r"other\.db has 2 names \(hard links\)"):
                open_sqlite(other)
        # Its log is still beside the first name.
        with pytest.raises(LedgerUnusable, match="has 2 names"):
            open_sqlite(path)
        other.unlink()
        open_sqlite(path).close()

    @pytest.mark.skipif(sys.platform != "linux", reason="there is the lock file only")
    def test_a_lock_file_that_is_gone_lets_nobody_in(self, path: Path) -> None:
        with another_process(path):
            for _ in range(2):
                path.with_name("ledger.db.lock").unlink()
                with pytest.raises(LedgerUnusable, match=r"in use by .*\.lock file was removed"):
                    open_sqlite(path)
        open_sqlite(path).close()

    def test_not_even_in_the_same_process(self, path: Path) -> None:
        with closing(open_sqlite(path)):
            path.with_name("ledger.db.lock").unlink()
            with pytest.raises(LedgerUnusable, match=f"in use by process {os.getpid()};"):
                open_sqlite(path)
        open_sqlite(path).close()

    @pytest.mark.parametrize("exclusive", [True, False])
    def test_who_looks_at_it_costs_it_no_lock(self, path: Path, exclusive: bool) -> None:
        """Had it lost them, the next to close it would take itself for the last, and its log."""
        with closing(open_sqlite(path, exclusive=exclusive)) as ledger:
            add(ledger, START)
            if exclusive:
                with pytest.raises(LedgerUnusable, match="in use"):
                    open_sqlite(path)
            else:
                open_sqlite(path, exclusive=False).close()
            look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            look += "c.execute('SELECT * FROM apps').fetchall(); c.close()"
            subprocess.run([sys.executable, "-c", look, path], check=True, timeout=60)
            assert path.with_name("ledger.db-wal").exists()

    @pytest.mark.parametrize("platform", ["darwin", "win32"])
    def test_elsewhere_it_opens_with_what_there_is(
        self, path: Path, platform: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Other systems have no lock that keeps out of SQLite's way, Windows has no lock file."""
        if platform == "win32":
            monkeypatch.setattr(owner_lock, "fcntl", None)
        monkeypatch.setattr(database_file, "sys", SimpleNamespace(platform=platform))
        with closing(open_sqlite(path)) as ledger:
            assert add(ledger, START) == [1]
            with pytest.raises(LedgerUnusable, match="in use by process"):
                open_sqlite(path)
            path.with_name("other.db").hardlink_to(path)
            with pytest.raises(LedgerUnusable, match="has 2 names"):
                open_sqlite(path.with_name("other.db"))

    def test_no_descriptor_is_left(self, path: Path) -> None:
        def open_and_close() -> None:
            with closing(open_sqlite(path)), pytest.raises(LedgerUnusable):
                open_sqlite(path)

        open_and_close()
        before = len(os.listdir("/dev/fd"))
        for _ in range(5):
            open_and_close()
        assert len(os.listdir("/dev/fd")) == before
