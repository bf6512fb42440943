"""Serves a fake in this process, whole or broken in one way, for cases to be aimed at.

Unlike the rest of the suite, deviants import what they break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self
from unittest.mock import patch

from contracts.conformance.subject import ServerSubject
from contracts.suite.vocabulary import Need
from mockserver.client.wire import Reply, WsgiWire
from mockserver.core.clock import ManualClock
from mockserver.delivery.wiring import SocketOptions
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app

WsgiApp = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Deviant:
    """A fake that is wrong in one way.

    Attributes:
        name: In kebab case, e.g. `cap-of-two`.
        area: The middle part of the ids of the cases that are about it, in lower case.
        change: What it does otherwise, as a sentence.
        sandbox: The sandbox it is built from.
        ledger: What it keeps its data in.
        wrap: What stands between the wire and its API.
        patches: Dotted names within the fake, and what stands there instead while a server
            of this deviant is open.
        sockets: Whether its receiver has a port, which is slower.
        reopened: What becomes of the ledger at a restart.
    """

    name: str
    area: str
    change: str
    sandbox: type[Sandbox] = Sandbox
    ledger: Callable[[], Ledger] = MemoryLedger
    wrap: Callable[[WsgiApp], WsgiApp] | None = None
    patches: tuple[tuple[str, Any], ...] = ()
    sockets: bool = False
    reopened: Callable[[Ledger], Ledger] | None = None


#: The fake as it is.
FAITHFUL = Deviant("faithful", "", "Nothing is changed.")
FAITHFUL_WITH_SOCKETS = Deviant("faithful-sockets", "", "Nothing is changed.", sockets=True)


class DeviantServer(ServerSubject):
    """A deviant that answers, in this process; use it as a context manager.

    It replaces names of modules while it is open, so only one may be open in a process,
    unless the deviants have no patches.
    """

    is_ours = True

    def __init__(self, deviant: Deviant = FAITHFUL) -> None:
        kind = "the fake itself" if deviant is FAITHFUL else f"the broken fake {deviant.name}"
        self.description = f"{kind}, in this process"
        self.capabilities = frozenset(Need) - (frozenset() if deviant.sockets else {Need.SOCKETS})
        self._deviant = deviant
        self._ledger = deviant.ledger()
        self._at = ManualClock().now()
        self._changes = ExitStack()
        self._receiver_port = 0
        self.wire = self._restartable = _RestartableWire()

    def __enter__(self) -> Self:
        with ExitStack() as changes:
            for name, replacement in self._deviant.patches:
                changes.enter_context(patch(name, replacement))
            self._start()
            self._changes = changes.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changes:
            self._sandbox.close()

    def restart(self) -> None:
        """Open another sandbox over the same ledger, where the clock stood."""
        self._at = self._sandbox.now()
        self._sandbox.close()
        if self._deviant.reopened is not None:
            self._ledger = self._deviant.reopened(self._ledger)
        self._start()

    def _start(self) -> None:
        self._ledger.recover()
        sockets = None
        if self._deviant.sockets:
            sockets = SocketOptions(receiver_port=self._receiver_port)
        self._sandbox = self._deviant.sandbox(
            ledger=self._ledger, clock=ManualClock(self._at), sockets=sockets
        )
        if self._deviant.sockets:
            # The same after a restart: rules that are there already lead to it.
            self._receiver_port = int(self._sandbox.receiver_url.rpartition(":")[2])
        app: WsgiApp = create_app(self._sandbox).wsgi_app
        self._restartable.now = WsgiWire(
            app if self._deviant.wrap is None else self._deviant.wrap(app)
        )


class _RestartableWire:
    """A wire that leads to another application after a restart."""

    now: WsgiWire
    url = "http://localhost"

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        return self.now.send(method, target, headers, content)
