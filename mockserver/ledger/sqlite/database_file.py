"""Takes the file of a database for a ledger: for its user alone, by one name, by one process.

SQLite's locks are the process's (POSIX): all of them are gone as soon as *any* descriptor of the
file is closed in the process. So the file is opened here once, however many ledgers of the process
share it, and closed after the last of them has closed its connections.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sqlite.companions import COMPANIONS, check_companions
from mockserver.ledger.sqlite.owner_lock import OwnerLock, in_use

_SQLITE_MAGIC = b"SQLite format 3\0"

_FileId = tuple[int, int]


class _Opened:
    """A file that ledgers of this process have open."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.users = 0
        self.is_owned = False
        #: Files beside it that were opened for reading.
        self.beside: list[int] = []


#: By device and inode. It is the process's because the locks are.
_opened_files: dict[_FileId, _Opened] = {}
_opening = threading.Lock()


class DatabaseFile:
    """The file of an open ledger, from construction to `release`; its alone from `take` on.

    Between the two it can be seen whose the file is, while nothing was made or changed.

    Args:
        path: Where it is, without links.
        exclusive: Whether to refuse a file that another ledger has open, and to refuse others.

    Attributes:
        is_there: Whether there is a file already.

    Raises:
        LedgerUnusable: It cannot be opened, is no database, has a second name, or is in use.
    """

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        self._path = path
        self._exclusive = exclusive
        self._lock: OwnerLock | None = None
        self._id: _FileId | None = None
        self._is_owner = False
        _check_surroundings(path)
        with _opening:
            self.is_there = _found(path) is not None
            if self.is_there:
                self._open()

    def take(self) -> None:
        """Have the file for the ledger; it is made if there is none.

        It and what SQLite puts beside it can be read by their user only, whatever the umask; files
        of an earlier version are tightened.

        Raises:
            LedgerUnusable: It is in use, or cannot be made or locked; `release` is still needed.
        """
        with _opening:
            self._lock = OwnerLock(self._path, shared=not self._exclusive)
            if self._id is None:
                self._open()
            if self._exclusive:
                self._own()
        _tighten(self._path)

    def open_beside(self, path: str) -> int:
        """Open one of SQLite's own files beside it for reading; return its descriptor.

        It stays open until no ledger of this process has the database open: to close it earlier
        would cost SQLite its locks.

        Raises:
            LedgerUnusable: It cannot be opened.
        """
        assert self._id is not None, "the database is open"
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise _cannot_open(Path(path), error) from error
        with _opening:
            _opened_files[self._id].beside.append(descriptor)
        return descriptor

    def release(self) -> None:
        """Let somebody else have it; to be called after the last connection was closed."""
        with _opening:
            self._let_go()

    def _open(self) -> None:
        path = self._path
        found = _found(path)
        known = None if found is None else _opened_files.get(_id_of(found))
        if known is None:
            check_companions(path)
            descriptor = _descriptor_of(path)
            found, known = os.fstat(descriptor), _Opened(descriptor)
            # Somebody may have put a file there that is open already. Then this descriptor stays
            # open for good: to close it would cost that one its locks.
            known = _opened_files.setdefault(_id_of(found), known)
        elif self._exclusive and known.is_owned:
            raise in_use(path, f"process {os.getpid()}")
        assert found is not None, "an open file is there"
        self._id = _id_of(found)
        known.users += 1

    def _own(self) -> None:
        assert self._id is not None, "it was opened before"
        known = _opened_files[self._id]
        if known.is_owned:
            raise in_use(self._path, f"process {os.getpid()}")
        if not _lock_inode(known.descriptor):
            raise in_use(self._path, "another process, whose .lock file was removed")
        known.is_owned = self._is_owner = True

    def _let_go(self) -> None:
        if self._id is not None:
            known = _opened_files[self._id]
            known.users -= 1
            if self._is_owner:
                known.is_owned = self._is_owner = False
                _unlock_inode(known.descriptor)
            if known.users == 0:
                del _opened_files[self._id]
                for descriptor in (known.descriptor, *known.beside):
                    os.close(descriptor)
            self._id = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def size_of(path: Path) -> int:
    """Return how many bytes a database has on disk, in its file and in its log."""
    return sum(found.st_size for found in map(_stat, (path, Path(f"{path}-wal"))) if found)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _found(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot_open(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise LedgerUnusable(f"cannot open {path}: it is no plain file; choose a file")
    if found.st_nlink > 1:
        # SQLite finds its log by the name of the file. What was written under the one name
        # would be missing under the other.
        raise LedgerUnusable(
            f"{path} has {found.st_nlink} names (hard links), and what was written under one can "
            "be lost under another; remove the others, or copy it and use the copy"
        )
    return found


def _descriptor_of(path: Path) -> int:
    """Open a database, or make an empty one; nobody else in this process has it open."""
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT, 0o600)
            # The umask may have taken away what its user needs.
            path.chmod(0o600)
    except OSError as error:
        raise _cannot_open(path, error) from error
    try:
        try:
            head = os.read(descriptor, len(_SQLITE_MAGIC))
        except OSError as error:
            raise _cannot_open(path, error) from error
        if head and head != _SQLITE_MAGIC:
            raise LedgerUnusable(
                f"{path} is not a SQLite database; choose another file, or move this one away"
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_surroundings(path: Path) -> None:
    if path.name.endswith((*COMPANIONS, ".lock")):
        raise LedgerUnusable(
            f"{path} has a name of what is put beside a ledger; choose one that does not end in "
            f"{', '.join((*COMPANIONS, '.lock'))}"
        )
    try:
        if not path.parent.is_dir():
            raise LedgerUnusable(f"cannot open {path}: there is no folder {path.parent}; create it")
        for suffix in COMPANIONS:
            companion = path.with_name(path.name + suffix)
            if companion.is_symlink():
                raise LedgerUnusable(
                    f"{companion} is a symbolic link, and SQLite would write to where it leads; "
                    "move it away, or choose another file as ledger"
                )
    except OSError as error:
        raise _cannot_open(path, error) from error


def _tighten(path: Path) -> None:
    # SQLite gives its other files the permissions of the database.
    for suffix in ("", *COMPANIONS):
        each = path.with_name(path.name + suffix)
        # Where files have no permissions, or another owner, `postbacks serve` says so.
        with suppress(OSError):
            found = each.stat(follow_symlinks=False)
            if os.name == "posix" and stat.S_ISREG(found.st_mode) and found.st_mode & 0o177:
                each.chmod(0o600)


def _cannot_open(path: Path, error: OSError) -> LedgerUnusable:
    return LedgerUnusable(
        f"cannot open {path}: {error.strerror}; choose a file that may be read and written"
    )


def _id_of(found: os.stat_result) -> _FileId:
    return found.st_dev, found.st_ino


def _lock_inode(descriptor: int) -> bool:
    """Lock the file itself, whatever it is called; return False if another process has it.

    Only Linux has a lock for that which keeps out of SQLite's way. Elsewhere, and on file systems
    that have none, there is the lock file.
    """
    return _change_lock(descriptor, is_locked=True)


def _unlock_inode(descriptor: int) -> None:
    _change_lock(descriptor, is_locked=False)


def _change_lock(descriptor: int, *, is_locked: bool) -> bool:
    if sys.platform != "linux":  # pragma: no cover
        return True
    import fcntl

    kind = fcntl.F_WRLCK if is_locked else fcntl.F_UNLCK
    # struct flock: type, whence, start, length, process.
    wanted = struct.pack("hhqqi", kind, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
    try:
        # An open file description has it, not the process, so SQLite does not see it as its own.
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


#: Far from the bytes that SQLite locks, which begin at 2**30.
_LOCKED_BYTE = 2**62
