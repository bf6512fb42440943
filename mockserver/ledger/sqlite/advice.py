"""Says what to do about an error of SQLite, which says only what it has met."""

from __future__ import annotations

import errno
import os
from pathlib import Path

#: The database, its log, the shared file, its folder.
_FILES_OF_A_DATABASE = 4

#: SQLite's shared file alone has half of it, and a log grows by pages.
_LITTLE_ROOM_BYTES = 65_536


def advice(reason: str, path: Path | None) -> str:
    """Return what SQLite says, and what to do about it.

    Args:
        reason: SQLite's own words.
        path: Of the database; None for one in memory.
    """
    if "locked" in reason:
        return f"{reason}; another program is writing to it, stop that one"
    if "full" in reason:
        return f"{reason}; free some space"
    # SQLite has the same words for a disk without room and for one that is broken.
    if path is not None and _is_full(path.parent):
        return f"{reason}, and the disk is full; free some space"
    if "unable to open" in reason and _is_out_of_files():
        return f"{reason}, and this process may open no more; raise `ulimit -n`"
    if "readonly" in reason or "unable to open" in reason:
        return f"{reason}; it must be possible to write to the file and its folder"
    return f"{reason}; choose another file, or restore this one"


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except (OSError, AttributeError):
        # Windows cannot be asked in this way.
        return False
    # Some file systems do not count their files.
    has_no_files = found.f_files > 0 and found.f_favail == 0
    return found.f_bavail * found.f_frsize < _LITTLE_ROOM_BYTES or has_no_files


def _is_out_of_files() -> bool:
    opened: list[int] = []
    try:
        # SQLite needs several for one database.
        for _ in range(_FILES_OF_A_DATABASE):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    finally:
        for each in opened:
            os.close(each)
    return False
