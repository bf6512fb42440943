"""Lets one process at a time have the file of a ledger.

Two processes that served one file would both deliver, each on a clock of its own. The lock
is the operating system's, so it ends with its process, however that ends.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from mockserver.core.errors import LedgerUnusable

try:
    import fcntl
except ImportError:  # pragma: no cover
    # Windows has no flock. Its SQLite still keeps writers apart, so the file stays sound;
    # only the mistake of serving it twice goes unnoticed.
    fcntl = None  # type: ignore[assignment]

#: What an owner writes into its lock file.
_OWNER = re.compile(rb"[0-9]{0,20}\n?")
_LONGEST_OWNER = 32


class OwnerLock:
    """A lock on `<path>.lock`, held from construction to `release` or the process's end.

    Somebody else's file of that name is neither written to nor followed if it is a link.

    Args:
        path: Of the file.
        shared: Whether others that share it may have it as well.

    Raises:
        LedgerUnusable: Another ledger has it, or the lock file cannot be written or is none.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._descriptor: int | None = None
        if fcntl is None:  # pragma: no cover
            return
        lock_path = path.with_name(path.name + ".lock")
        self._descriptor = _opened(lock_path)
        try:
            _check_lock_file(lock_path, self._descriptor)
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
            _keep_private(self._descriptor)
        except BlockingIOError as error:
            owner = os.pread(self._descriptor, _LONGEST_OWNER, 0).decode("ascii", "replace").strip()
            self.release()
            raise in_use(path, f"process {owner or 'unknown'}") from error
        except OSError as error:
            self.release()
            raise LedgerUnusable(
                f"cannot lock {lock_path}: {error.strerror}; choose a file on a local disk"
            ) from error
        except LedgerUnusable:
            self.release()
            raise
        try:
            owner_line = f"{os.getpid()}\n".encode()
            os.pwrite(self._descriptor, owner_line, 0)
            os.ftruncate(self._descriptor, len(owner_line))
        except OSError as error:
            self.release()
            raise LedgerUnusable(
                f"cannot write {lock_path}: {error.strerror}; the ledger needs room on its disk"
            ) from error

    def release(self) -> None:
        """Let somebody else have the file; the lock file stays.

        Removing it would let two later owners lock two different files of the same name.
        """
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def in_use(path: Path, owner: str) -> LedgerUnusable:
    """Return the error that says who has a ledger already."""
    return LedgerUnusable(
        f"{path} is in use by {owner}; stop it, or choose another file for this one"
    )


def _opened(lock_path: Path) -> int:
    # Without O_NONBLOCK a named pipe of that name would be waited for.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(lock_path, flags, 0o600)
    except OSError as error:
        if lock_path.is_symlink():
            raise _no_lock_file(lock_path, "is a symbolic link") from error
        raise LedgerUnusable(
            f"cannot write {lock_path}: {error.strerror}; the ledger needs a folder it may write to"
        ) from error


def _check_lock_file(lock_path: Path, descriptor: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise _no_lock_file(lock_path, "is no plain file")
    if found.st_nlink > 1:
        raise _no_lock_file(lock_path, "has another name as well (a hard link)")
    if _OWNER.fullmatch(os.pread(descriptor, _LONGEST_OWNER + 1, 0)) is None:
        raise _no_lock_file(lock_path, "is not the lock file of a ledger, and is not overwritten")


def _no_lock_file(lock_path: Path, what: str) -> LedgerUnusable:
    return LedgerUnusable(f"{lock_path} {what}; move it away, or choose another file as ledger")


def _keep_private(descriptor: int) -> None:
    # Earlier versions made it as wide as the umask allowed; an umask can also be too narrow.
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
        os.fchmod(descriptor, 0o600)
