"""Begins and ends the answering of Leanplum's calls for one test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType

from mockserver.testing.interception import active, proxied, strict
from mockserver.testing.interception.active import Active, Answers
from mockserver.testing.interception.connections import lead_connections
from mockserver.testing.interception.curl_handles import lead_curl_handles
from mockserver.testing.interception.event_loops import lead_event_loops
from mockserver.testing.interception.handshakes import lead_handshakes
from mockserver.testing.interception.imports import ImportWatcher
from mockserver.testing.interception.names import lead_names
from mockserver.testing.interception.patches import Patches
from mockserver.testing.interception.resolvers import lead_aiohttp, refuse_aiodns
from mockserver.testing.interception.sessions import lead_sessions
from mockserver.testing.interception.socket_guard import kind_of_sockets, remove_leftovers

_PATCHES = Patches()


def _lead(put_in: Callable[[Patches, ModuleType], None]) -> Callable[[ModuleType], None]:
    return lambda module: put_in(_PATCHES, module)


def _lead_sockets(socket: ModuleType) -> None:
    lead_names(_PATCHES, socket)
    lead_connections(_PATCHES, socket)


_WATCHER = ImportWatcher(
    {
        "socket": _lead_sockets,
        "ssl": _lead(lead_handshakes),
        "requests.sessions": _lead(lead_sessions),
        "uvloop": _lead(lead_event_loops),
        "pycurl": _lead(lead_curl_handles),
        "aiohttp.resolver": _lead(lead_aiohttp),
        "aiodns": _lead(refuse_aiodns),
    }
)
#: Several threads may begin and end at once.
_CHANGING = threading.RLock()


class Interception:
    """Answers what anybody in this process sends to Leanplum, from `start` to `stop`.

    Clients that are imported only later are answered as well. There may be several at a time, and
    they may end in any order; a call is answered by the one that has its app, else by the newest.
    When the last one ends, everything is as it was.

    Args:
        answers: Answers the calls.
        strict: Whether other hosts than Leanplum's and this machine are refused.

    Attributes:
        refusals: What was not let out, as the client was told; each once.
    """

    def __init__(self, answers: Answers, *, strict: bool = False) -> None:
        self._answers = answers
        self._strict = strict
        self._active: Active | None = None
        self.refusals: dict[str, None] = {}

    def start(self) -> None:
        """Begin to answer; does nothing if it was begun already."""
        with _CHANGING:
            if self._active is not None:
                return
            self._active = active.begin(self._answers, self.refusals, strict=self._strict)
            # Once more for each, unless all is as it was: something else may be on top by now.
            _WATCHER.start(again=not _PATCHES.put_back(kind_of_sockets()))
            proxied.begin()
            if self._strict:
                strict.watch()

    def stop(self) -> None:
        """Answer no more; does nothing if it was ended already."""
        with _CHANGING:
            if self._active is None:
                return
            active.end(self._active)
            self._active = None
            if not active.is_anybody():
                _WATCHER.stop()
                _PATCHES.take_out()
                remove_leftovers()
                proxied.end()
