"""Notices that the file of a ledger was deleted, replaced or cut while it is in use.

SQLite goes on with the file that it has open. What is written then is in no folder any more, and
gone with the process.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mockserver.core.errors import LedgerUnusable


class FileWatch:
    """Remembers which files are in use, and how large each was at least.

    Args:
        path: Of the database, which is open and has its log beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log_path = f"{path}-wal"
        database, log = self._stat()
        self._identities = _identity(database), _identity(log)
        self._least_size, self._least_log_size = database.st_size, log.st_size

    def check(self) -> None:
        """Look whether the files are still what they were.

        Raises:
            LedgerUnusable: One was deleted, replaced or cut.
        """
        try:
            database, log = self._stat()
        except FileNotFoundError as error:
            raise self._lost(f"{error.filename} was deleted") from None
        except OSError as error:
            raise LedgerUnusable(f"{self._path} cannot be looked at: {error.strerror}") from None
        if _identity(database) != self._identities[0]:
            raise self._lost("it was replaced by another file")
        if _identity(log) != self._identities[1]:
            raise self._lost(f"{self._log_path} was replaced by another file")
        if database.st_size < self._least_size:
            raise self._lost("it was cut by another program")
        # SQLite writes on behind what is gone, and finds nothing of it at the next start.
        if log.st_size < self._least_log_size:
            raise self._lost(f"{self._log_path} was cut by another program")
        self._least_size = database.st_size

    def has_grown(self) -> None:
        """Remember how long the log is: something was committed."""
        with suppress(OSError):
            self._least_log_size = os.stat(self._log_path).st_size

    def has_shrunk(self) -> None:
        """Take the sizes as they are: the ledger itself has given space back."""
        # If one is not there any more, the next look says so.
        with suppress(OSError):
            database, log = self._stat()
            self._least_size, self._least_log_size = database.st_size, log.st_size

    def _lost(self, reason: str) -> LedgerUnusable:
        return LedgerUnusable(
            f"{self._path} cannot be used: {reason} while the sandbox had it open; nothing more "
            "is kept, so start the sandbox again"
        )

    def _stat(self) -> tuple[os.stat_result, os.stat_result]:
        return os.stat(self._path), os.stat(self._log_path)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
