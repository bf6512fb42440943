"""Lets one process at a time have the file of a ledger.

Two processes that served one file would both deliver, each on a clock of its own. The lock
is the operating system's, so it ends with its process, however that ends.
"""

from __future__ import annotations

import os
from pathlib import Path

from mockserver.core.errors import LedgerUnusable

try:
    import fcntl
except ImportError:  # pragma: no cover
    # Windows has no flock. Its SQLite still keeps writers apart, so the file stays sound;
    # only the mistake of serving it twice goes unnoticed.
    fcntl = None  # type: ignore[assignment]


class OwnerLock:
    """A lock on `<path>.lock`, held from construction to `release` or the process's end.

    Args:
        path: Of the file.
        shared: Whether others that share it may have it as well.

    Raises:
        LedgerUnusable: Another ledger has it, or the lock file cannot be written.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._descriptor: int | None = None
        if fcntl is None:  # pragma: no cover
            return
        lock_path = path.with_name(path.name + ".lock")
        try:
            self._descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerUnusable(
                f"cannot write {lock_path}: {error.strerror}; the ledger needs a folder it may "
                "write to"
            ) from error
        try:
            fcntl.flock(
                self._descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
            )
        except BlockingIOError as error:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            self.release()
            raise LedgerUnusable(
                f"{path} is in use by process {owner or 'unknown'}; stop it, or choose another "
                "file for this one"
            ) from error
        except OSError as error:
            self.release()
            raise LedgerUnusable(
                f"cannot lock {lock_path}: {error.strerror}; choose a file on a local disk"
            ) from error
        owner_line = f"{os.getpid()}\n".encode()
        os.pwrite(self._descriptor, owner_line, 0)
        os.ftruncate(self._descriptor, len(owner_line))

    def release(self) -> None:
        """Let somebody else have the file; the lock file stays.

        Removing it would let two later owners lock two different files of the same name.
        """
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
