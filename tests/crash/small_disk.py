"""A disk of a few MiB for `serve`, which its test fills and empties again.

It is mounted where only its own processes see it, so nothing is left behind. That takes Linux, and
root or user namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Mounts the disk at the path that it is given, says so, and keeps it until its input ends.
_HOLDER = 'mount -t tmpfs -o size="$2" postbacks "$1" && echo mounted && exec cat > /dev/null'


class SmallDisk:
    """A disk that is mounted; `enter` stands before a command that is to see it.

    Attributes:
        place: Where it is, for whoever sees it.
        enter: What a command begins with to see it.
    """

    def __init__(self, place: Path, holder: int, enter: list[str]) -> None:
        self.place = place
        self.enter = enter
        #: The same place, as others see it.
        self.seen = Path(f"/proc/{holder}/root{place}")

    def fill(self, leave: int = 0) -> None:
        """Leave room for so many bytes only."""
        descriptor = os.open(self.seen / "filler", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        try:
            while os.write(descriptor, bytes(4096)) == 4096:
                pass
        except OSError:
            size = os.fstat(descriptor).st_size
            os.ftruncate(descriptor, max(0, size - leave))
        finally:
            os.close(descriptor)

    def empty(self) -> None:
        """Give all room back that `fill` has taken."""
        (self.seen / "filler").unlink(missing_ok=True)


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[SmallDisk]:
    """Mount a disk of so many bytes at an empty folder.

    Raises:
        OSError: This system does not let its users do that.
    """
    as_root = os.name == "posix" and os.geteuid() == 0
    new = ["unshare", "--mount"] if as_root else ["unshare", "--mount", "--map-root-user"]
    if sys.platform != "linux" or shutil.which("unshare") is None:
        raise OSError("only Linux mounts a disk for some processes alone")
    with subprocess.Popen(
        [*new, "sh", "-c", _HOLDER, "sh", str(place), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != "mounted\n":
                raise OSError("no disk can be mounted here")
            user = [] if as_root else ["--user", "--preserve-credentials"]
            enter = ["nsenter", f"--target={holder.pid}", "--mount", *user, "--wd=/", "--"]
            yield SmallDisk(place, holder.pid, enter)
        finally:
            assert holder.stdin is not None
            holder.stdin.close()
