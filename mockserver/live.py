"""Serves a sandbox on ports of this process, for tests, other processes and the contract suite.

Ledger, sandbox and server are started, restarted and stopped together.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mockserver.delivery.wiring import SocketOptions
from mockserver.ledger.opening import IN_MEMORY, open_ledger
from mockserver.sandbox import Sandbox
from mockserver.time.saved_clock import restore_clock, save_clock
from mockserver.web.app import create_app
from mockserver.web.server import QUICK_IN_MEMORY, WAITING_FOR_NOTHING, ApiServer, listen_at

if TYPE_CHECKING:
    import ssl


class LiveSandbox:
    """A sandbox on a manual clock that answers on real ports.

    Use it as a context manager, or call `start` and `stop`.

    Args:
        path: The file that keeps the data over a restart. Without one everything is
            in memory, and a restart begins with nothing.
        host: Where it listens.
        port: Of the API; 0 picks a free one.
        tls_context: What API and receiver speak TLS with; None for plain HTTP.
        ca_file: A PEM file with the certificates to trust when a postback goes to an https URL,
            the receiver's own among them; the system's unless given.

    Attributes:
        sandbox: The sandbox that answers now; a restart makes another one.
        url: Where its API is; the same after a restart.
    """

    sandbox: Sandbox
    url: str

    def __init__(
        self,
        path: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_context: ssl.SSLContext | None = None,
        ca_file: str | Path | None = None,
    ) -> None:
        self._ledger_place = IN_MEMORY if path is None else path
        self._host = host
        self._port = port
        self._receiver_port = 0
        self._tls_context = tls_context
        self._ca_file = ca_file
        self._server: ApiServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open the ledger, take up what was pending, and answer.

        Raises:
            AddressUnavailable: The port is taken.
            InvalidValue: The TLS context has no certificate that is believed at `host`, or
                `ca_file` has none at all.
            LedgerUnusable: The file is no ledger, or another process has it.
        """
        with ExitStack() as undo:
            ledger = open_ledger(self._ledger_place)
            ledger_open = undo.enter_context(ExitStack())
            ledger_open.callback(ledger.close)
            ledger.free_ended()
            ledger.recover()
            clock = restore_clock(ledger, mode="manual")
            # Before there is a sandbox: it must know the port that it never sends to.
            listener = undo.enter_context(listen_at(self._host, self._port))
            port = listener.getsockname()[1]
            options = SocketOptions(
                receiver_host=self._host,
                receiver_port=self._receiver_port,
                tls_context=self._tls_context,
                ca_file=self._ca_file,
                api_port=port,
            )
            self.sandbox = Sandbox(ledger=ledger, clock=clock, sockets=options)
            # From here on the sandbox closes its ledger.
            ledger_open.pop_all()
            undo.callback(self.sandbox.close)
            in_memory = self._ledger_place == IN_MEMORY
            self._server = ApiServer(
                create_app(self.sandbox),
                self._host,
                tls_context=self._tls_context,
                listener=listener,
                quick_paths=QUICK_IN_MEMORY if in_memory else WAITING_FOR_NOTHING,
            )
            self._server.start()
            undo.pop_all()
        self.url = self._server.url
        self._port = port
        self._receiver_port = int(self.sandbox.receiver_url.rpartition(":")[2])

    def stop(self) -> None:
        """Stop answering, save where the clock stands, close the ledger."""
        if self._server is None:
            return
        server, self._server = self._server, None
        self.sandbox.feed.close()
        server.stop()
        try:
            save_clock(self.sandbox.ledger, self.sandbox.clock)
        finally:
            self.sandbox.close()

    def restart(self) -> None:
        """Stop and start again on the same ports, as an operator would."""
        self.stop()
        self.start()
