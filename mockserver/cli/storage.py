"""Finds where `postbacks serve` keeps its ledger, and says if somebody else can read it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from mockserver.config import Config
from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.opening import IN_MEMORY, below


def place_of_ledger(config: Config) -> str:
    """Return the place to open the ledger at; the default folder is made if it is used.

    Raises:
        LedgerUnusable: The default folder cannot be made.
    """
    if config.ephemeral:
        return IN_MEMORY
    return below(Path.cwd(), config.db or str(_default_path()))


def readable_by_others(place: str) -> list[str]:
    """Return a line for each of our files and folders that others than its user can read.

    That is so where permissions cannot be set: on the file systems of other machines, or where
    somebody else owns it.

    Args:
        place: Of a ledger that is open.
    """
    path = Path(place.removeprefix("sqlite:///"))
    if os.name != "posix" or not path.is_file():
        return []
    folders = [path.parent] if path.parent == _data_folder() else []
    return [
        f"{each} can be read by others on this machine, keys and user ids with it, and that could "
        f"not be changed; use a place of your own with --db PATH, or --ephemeral"
        for each in (*folders, path.resolve())
        if stat.S_IMODE(each.stat().st_mode) & 0o077
    ]


def _default_path() -> Path:
    folder = _data_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnusable(
            f"cannot create the folder {folder}: {error.strerror}; pass --db PATH or --ephemeral"
        ) from None
    if os.name == "posix":
        # The umask may have made it too narrow, an earlier version too wide. Who could not change
        # it is told when everything is open, see `readable_by_others`.
        with suppress(OSError):
            folder.chmod(0o700)
    return folder / "sandbox.db"


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("postbacks", appauthor=False)
