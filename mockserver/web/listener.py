"""Takes in the connections of the API, and goes on whatever happens to one of them.

Decides: what is done when no connection can be taken in. Place in the flow: `web.server` runs
it; waitress makes connections of what it accepts. Must not import: Flask, the sandbox.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from mockserver.clocks import real_seconds
from mockserver.web.connection import Connection
from mockserver.web.dispatching import Dispatcher

#: How long nobody is taken in after that was not possible; they wait in the system's queue.
_REST_REAL_SECONDS = 0.1
#: How long the loop waits at most if nothing happens.
_LOOK_REAL_SECONDS = 1.0
#: Why a connection is not accepted although one is there: nothing is left to hold it with.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """The listening socket among what waitress's loop looks at, and all it has accepted.

    Args:
        app: The WSGI application.
        listening: A socket that is bound and does not listen yet.
        dispatcher: Who answers requests.
        adjustments: Waitress's settings.
        looked_at: What the loop looks at, by descriptor; this is added to it.
    """

    channel_class: Callable[..., Connection] = Connection

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        dispatcher: Dispatcher,
        adjustments: Adjustments,
        looked_at: dict[int, Any],
    ) -> None:
        #: As `real_seconds` counts; 0 if it does not rest.
        self._rests_until = 0.0
        self._next_look = 0.0
        super().__init__(
            app,
            map=looked_at,
            _sock=listening,
            dispatcher=dispatcher,
            adj=adjustments,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    def look_around(self) -> float:
        """Close what has had its time; return how many real seconds the loop may wait.

        Not to be called while the loop goes through what has happened: of what is closed then, the
        descriptor may be somebody else's before the loop comes to it.
        """
        now = real_seconds()
        if now >= self._next_look:
            self._next_look = now + _LOOK_REAL_SECONDS
            for connection in list(self.active_channels.values()):
                if connection.lingers_until is not None and connection.lingers_until <= now:
                    connection.handle_close()
        if now < self._rests_until:
            return _REST_REAL_SECONDS
        self._rests_until = 0.0
        return _LOOK_REAL_SECONDS

    def readable(self) -> bool:
        """Return whether somebody may be taken in now."""
        return bool(super().readable()) and not self._rests_until

    def accept(self) -> Any:
        """Take in one connection; None if there is none, or nothing to hold it with."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._rest()
            return None

    def handle_error(self) -> None:
        """Go on: what was wrong with one connection is no reason to refuse all others."""
        self.logger.exception("Exception when accepting a connection")
        self._rest()

    def _rest(self) -> None:
        # Who was not accepted stays in the queue, and would be reported over and over.
        self._rests_until = real_seconds() + _REST_REAL_SECONDS
