"""A sandbox of the suite's own, on real ports.

Decides: where its data is while it runs. Place in the flow: what `contracts run` and
`pytest --pyargs contracts` are aimed at unless told otherwise. Must not import: cases, the
web, the engine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from contracts.server import Credentials
from contracts.vocabulary import Need, TargetKind
from mockserver.live import LiveSandbox
from mockserver.wire import HttpWire, Wire


class EmbeddedServer:
    """A sandbox on SQLite, in a folder that goes away with it; use it as a context manager."""

    kind = TargetKind.FAKE
    description = "an embedded sandbox (SQLite, real ports)"
    capabilities = frozenset(Need)
    is_ours = True
    token: str | None = None
    credentials: Credentials | None = None
    unusable = ""
    wire: Wire

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="postbacks-contracts-")
        self._live = LiveSandbox(Path(self._folder.name) / "sandbox.db")

    def __enter__(self) -> Self:
        self._live.start()
        self.wire = HttpWire(self._live.url, timeout_real_seconds=60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()
        self._folder.cleanup()

    def restart(self) -> None:
        """Stop it and start it again over the same file, on the same ports."""
        self._live.restart()
