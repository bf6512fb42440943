"""Notices that the file of a ledger was deleted, replaced or cut while it is in use.

SQLite goes on with the file that it has open. What is written then is in no folder any more, and
gone with the process. What other programs do by way of SQLite (a checkpoint, a backup, VACUUM)
makes the files shorter as well, and is no damage: SQLite's own account tells the two apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sqlite.wal_index import read_state, salts_in_log

#: A checkpoint of another program changes the files one after the other.
_TRIES = 3

_Identity = tuple[int, int]


class FileWatch:
    """Remembers which files are in use, and how large the database was at least.

    Args:
        path: Of the database, which is open and has its log beside it.
        opened: Opens one of the files beside it for reading. Whoever gives it closes that, when no
            connection of this process is open any more: else SQLite's locks would be gone.
    """

    def __init__(self, path: Path, opened: Callable[[str], int]) -> None:
        self._path = str(path)
        self._log_path = f"{path}-wal"
        self._index_path = f"{path}-shm"
        self._log, self._index = opened(self._log_path), opened(self._index_path)
        self._identity = _identity(os.stat(self._path))
        self._log_identity = _identity(os.fstat(self._log))
        self._index_identity = _identity(os.fstat(self._index))
        self._least_size = 0
        self._checkpoint: tuple[bytes, int, int] | None = None
        self.check()

    def check(self) -> None:
        """Look whether the files are still what they were.

        Raises:
            LedgerUnusable: One was deleted, replaced or cut.
        """
        damage = self._damage()
        for _ in range(_TRIES - 1):
            if damage is None:
                return
            damage = self._damage()
        if damage is not None:
            raise self._lost(damage)

    def check_index(self) -> None:
        """Look whether the file by which SQLite's connections know each other is another.

        If it was deleted, nobody has lost anything yet. With another, two programs would write at
        a time.

        Raises:
            LedgerUnusable: It is.
        """
        with suppress(OSError):
            if _identity(os.stat(self._index_path)) != self._index_identity:
                raise self._lost(f"{self._index_path} was replaced by another file")

    def has_written(self) -> None:
        """Take the size of the database as it is if a commit of the ledger itself began the log."""
        state = read_state(self._index)
        if state is not None and state.checkpoint != self._checkpoint:
            with suppress(OSError):
                size = os.stat(self._path).st_size
                self._least_size, self._checkpoint = max(size, state.least_size), state.checkpoint

    def _damage(self) -> str | None:
        # Before the sizes: whoever cuts a file rightly has changed the account before.
        state = read_state(self._index)
        try:
            database, log = os.stat(self._path), os.stat(self._log_path)
        except FileNotFoundError as error:
            return f"{error.filename} was deleted"
        except OSError as error:
            raise LedgerUnusable(
                f"{self._path} cannot be looked at: {error.strerror}; it must be possible to read "
                "its folder"
            ) from None
        if _identity(database) != self._identity:
            return "it was replaced by another file"
        if _identity(log) != self._log_identity:
            return f"{self._log_path} was replaced by another file"
        if state is None:
            return None
        # SQLite writes on behind what is gone, and finds nothing of it at the next start.
        if log.st_size < state.least_log_size:
            return f"{self._log_path} was cut by another program"
        if state.frames and salts_in_log(self._log) != state.salts:
            return f"{self._log_path} was overwritten by another program"
        if state.checkpoint != self._checkpoint:
            self._least_size = state.least_size
        if database.st_size < self._least_size:
            return "it was cut by another program"
        self._least_size, self._checkpoint = database.st_size, state.checkpoint
        return None

    def _lost(self, reason: str) -> LedgerUnusable:
        return LedgerUnusable(
            f"{self._path} cannot be used: {reason} while the sandbox had it open; nothing more "
            "is kept, so start the sandbox again"
        )


def _identity(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino
