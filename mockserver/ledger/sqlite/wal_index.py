"""Reads how long the log of a SQLite database must be, for the watch over a ledger's files.

SQLite keeps this in the file with `-shm` at its end, which all its connections share. The layout
is that of https://www.sqlite.org/walformat.html, and has been the same since there is a log.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

_HEAD_BYTES = 48
#: Version, is it made, page size, frames, pages, and the salts, of the head that stands here twice;
#: then how much was moved into the database, and how much somebody meant to move. SQLite locks
#: bytes in between.
_STATE = struct.Struct("=I8xBxHII8x8s56xI28xI")
_VERSION = 3_007_000
_LOG_HEAD_BYTES = 32
_FRAME_HEAD_BYTES = 24
_SALTS_IN_LOG_AT = 16
#: Whoever writes the head needs nanoseconds for it.
_TRIES = 10


class WalState(NamedTuple):
    """What the log holds.

    Attributes:
        frames: How many frames of the log count.
        least_log_size: How many bytes of the log are needed.
        least_size: How many bytes the database must have, as far as that can be said: whoever
            moves all of the log gives the database its full length, and a page that the database
            has no room for is in the log.
        salts: What the log begins with, if it has frames.
        checkpoint: Differs from an earlier one if any program has moved something into the
            database since, or has begun the log anew.
    """

    frames: int
    least_log_size: int
    least_size: int
    salts: bytes
    checkpoint: tuple[bytes, int, int]


def read_state(descriptor: int) -> WalState | None:
    """Return what the shared file says; None if it says nothing at the moment.

    Args:
        descriptor: Of the file with `-shm` at its end.
    """
    for _ in range(_TRIES):
        read = _read(descriptor, _STATE.size, 0)
        # It is written twice, and read by others meanwhile.
        if read[:_HEAD_BYTES] == read[_HEAD_BYTES : 2 * _HEAD_BYTES]:
            break
    else:
        return None
    if len(read) < _STATE.size:
        return None
    version, is_made, page_size, frames, pages, salts, moved, meant = _STATE.unpack(read)
    if version != _VERSION or not is_made:
        return None
    if page_size == 1:
        # What does not fit into two bytes.
        page_size = 65_536
    missing = pages if moved >= frames else max(0, pages - frames)
    least_log_size = _LOG_HEAD_BYTES + frames * (_FRAME_HEAD_BYTES + page_size) if frames else 0
    return WalState(frames, least_log_size, missing * page_size, salts, (salts, moved, meant))


def salts_in_log(descriptor: int) -> bytes:
    """Return what must be the salts of the state as long as there are frames.

    Args:
        descriptor: Of the log.
    """
    return _read(descriptor, 8, _SALTS_IN_LOG_AT)


def _read(descriptor: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, length, offset)
    # Windows, where SQLite's locks forbid others to read what is locked. Nothing is known then.
    return b""  # pragma: no cover
