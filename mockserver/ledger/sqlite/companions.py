"""Keeps SQLite from overwriting files of others that happen to have the names of its own.

It takes what it finds beside a database for its own, throws away what it cannot read, and deletes
it at the end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mockserver.core.errors import LedgerUnusable

_VERSION = 3_007_000

#: How SQLite's own files beside a database begin, by what it adds to the name of that. See
#: https://www.sqlite.org/fileformat.html and https://www.sqlite.org/walformat.html.
_BEGINNINGS: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
        "-shm": (_VERSION.to_bytes(4, "little"), _VERSION.to_bytes(4, "big")),
        "-journal": (b"\xd9\xd5\x05\xf9",),
    }
)
COMPANIONS = tuple(_BEGINNINGS)
_BYTES = 4


def check_companions(path: Path) -> None:
    """Go on only if what is beside a database, if anything, is SQLite's.

    Args:
        path: Of the database, which nobody in this process has open: a file that is closed here
            loses the locks that SQLite has on it.

    Raises:
        LedgerUnusable: Something else is there. It is left as it is.
    """
    for suffix, beginnings in _BEGINNINGS.items():
        companion = path.with_name(path.name + suffix)
        beginning = _beginning_of(companion)
        # Nothing yet, or nothing any more.
        if beginning is not None and beginning.strip(b"\0") and beginning not in beginnings:
            raise LedgerUnusable(
                f"{companion} is not SQLite's, which would overwrite it; move it away, or choose "
                "another file as ledger"
            )


def _beginning_of(path: Path) -> bytes | None:
    """Return the first bytes of a file; None if there is none."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise LedgerUnusable(
                f"{path} is no plain file, as SQLite would make it; move it away, or choose "
                "another file as ledger"
            )
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerUnusable(
            f"cannot open {path}: {error.strerror}; choose a file that may be read and written"
        ) from error
    try:
        return os.read(descriptor, _BYTES)
    finally:
        os.close(descriptor)
