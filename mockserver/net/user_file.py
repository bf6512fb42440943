"""Reads a file that a user names, which may be anything, without reading for ever."""

from __future__ import annotations

import errno
import os
from pathlib import Path

#: More than any file that is meant has. A device like /dev/zero has no end.
MOST_BYTES = 64 << 20
_PIECE = 1 << 20


def read_user_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: It cannot be read, or is larger than any file that is meant.
    """
    content = bytearray()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            content += piece
            if len(content) > MOST_BYTES:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return bytes(content)
