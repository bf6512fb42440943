"""Starts a sandbox on real ports for a run that is given none."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from contracts.conformance.subject import ServerSubject
from contracts.suite.vocabulary import Need
from mockserver.client.wire import HttpWire
from mockserver.live import LiveSandbox


class EmbeddedServer(ServerSubject):
    """A sandbox on SQLite, in a folder that goes away with it; use it as a context manager."""

    description = "an embedded sandbox (SQLite, real ports)"
    capabilities = frozenset(Need)
    is_ours = True

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="postbacks-contracts-"))
            self._live = stack.enter_context(LiveSandbox(Path(folder) / "sandbox.db"))
            self.wire = HttpWire(self._live.url, timeout_real_seconds=60)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def restart(self) -> None:
        """Stop it and start it again over the same file, on the same ports."""
        self._live.restart()
