"""Says what to do about an error of SQLite, which says only what it has met."""

from __future__ import annotations

import os
from pathlib import Path

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
