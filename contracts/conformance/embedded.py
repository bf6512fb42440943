"""A sandbox of the suite's own, on real ports.

Decides: where its data is while it runs. Place in the flow: what `contracts run` and
`pytest --pyargs contracts` are aimed at unless told otherwise. Must not import: cases, the
web, the engine.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from contracts.conformance.server import Credentials
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.wire import HttpWire, Wire
from mockserver.live import LiveSandbox


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

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="postbacks-contracts-"))
            self._live = stack.enter_context(LiveSandbox(Path(folder) / "sandbox.db"))
            self.wire = HttpWire(self._live.url, timeout_real_seconds=60)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def restart(self) -> None:
        """Stop it and start it again over the same file, on the same ports."""
        self._live.restart()
