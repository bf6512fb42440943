"""Takes in the connections of the API, and goes on whatever happens to them.

It says how many there may be, how long an idle one is kept, and which is closed when there is no
room for another. While there is no room, those who come wait in the system's queue.

Waitress has no argument for three things that are set here: which class its connections have,
that the thread that reads need not wake itself, and when an answer is sent (`send_bytes`).
"""

from __future__ import annotations

import copy
import errno
import select
import socket
import ssl
import threading
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from mockserver.net.monotonic import real_seconds
from mockserver.web.server.connection import Connection
from mockserver.web.server.dispatching import Dispatcher
from mockserver.web.server.tls_channel import TlsChannel
from mockserver.web.server.unread_answers import UnreadAnswers

if TYPE_CHECKING:
    from mockserver.receiver.handed_over import HandedOver

#: Up to so many bytes an answer is sent as one piece, its head and its body together.
_ONE_PIECE = 64 * 1024
#: How long nobody is taken in after that was not possible.
_REST_REAL_SECONDS = 0.1
#: How long the loop waits at most if nothing happens.
_LOOK_REAL_SECONDS = 0.5
#: Why a connection is not accepted although one is there: nothing is left to hold it with.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: More than that, and to look at all of them takes longer than to answer a request.
_MOST_CONNECTIONS = 2000
#: What `select` can watch on Windows, which knows no `poll`, is 512.
_MOST_WITH_SELECT = 400


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """The listening socket among what waitress's loop looks at, and all it has accepted.

    Args:
        app: The WSGI application.
        listening: A socket that is bound.
        dispatcher: Who answers requests.
        adjustments: Waitress's settings.
        looked_at: What the loop looks at, by descriptor; this is added to it.
        idle_real_seconds: How long a connection is kept on which nothing gets done.
        most_connections: How many there may be at a time.
        tls_context: What it speaks TLS with; None for plain HTTP.
        channel: Makes a connection of an accepted socket, in the place of both.

    Attributes:
        unread: What clients have not read yet.
        adjustments_of_streams: Waitress's settings for an answer that goes on for some time.
    """

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        dispatcher: Dispatcher,
        adjustments: Adjustments,
        looked_at: dict[int, Any],
        idle_real_seconds: float,
        most_connections: int,
        tls_context: ssl.SSLContext | None = None,
        channel: Callable[..., Connection] | None = None,
    ) -> None:
        self._idle_real_seconds = idle_real_seconds
        self._most_connections = most_connections
        self._look_real_seconds = min(_LOOK_REAL_SECONDS, idle_real_seconds / 4)
        #: As `real_seconds` counts; 0 if it does not rest.
        self._rests_until = 0.0
        self._next_look = 0.0
        #: How many connections there were when there was no room for another; else 0.
        self._too_many = 0
        #: The thread that looks at the sockets, as soon as it has begun.
        self._reader: int | None = None
        self._closing = threading.Lock()
        self._closed = False
        # For those who parse, who know the settings only.
        adjustments.bytes_under_way = self.bytes_under_way
        self.adjustments_of_streams = copy.copy(adjustments)
        # By waitress's own setting the head of an answer is sent first, alone, and wakes the client
        # for nothing. And a worker sends the answer before it is done with the request: a client
        # that has it and goes is still there when the next one comes, and needs a place. Waitress
        # calls the argument deprecated; without the setting only these two would come back.
        adjustments.send_bytes = _ONE_PIECE
        # Waitress makes a connection of each socket by this name.
        of_scheme = Connection if tls_context is None else partial(TlsChannel, tls_context)
        self.channel_class = channel or of_scheme
        super().__init__(
            app,
            map=looked_at,
            _sock=listening,
            dispatcher=dispatcher,
            adj=adjustments,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )
        #: What clients have not read yet.
        self.unread = UnreadAnswers(self.active_channels)

    @cached_property
    def handed_over(self) -> HandedOver:
        """Return what takes the connections whose answers are more than HTTP."""
        # asyncio takes as long to import as all the rest of the server, and most do without.
        from mockserver.receiver.handed_over import HandedOver

        return HandedOver()

    def end_handed_over(self) -> None:
        """End the connections that were handed over, if any was."""
        if "handed_over" in vars(self):
            self.handed_over.end_all()

    def look_around(self) -> float:
        """Close what has had its time; return how many real seconds the loop may wait.

        Not to be called while the loop goes through what has happened: of what is closed then, the
        descriptor may be somebody else's before the loop comes to it.
        """
        self._reader = threading.get_ident()
        now = real_seconds()
        if now >= self._next_look:
            self._next_look = now + self._look_real_seconds
            self.task_dispatcher.end_spare_workers(now)
            for connection in list(self.active_channels.values()):
                is_over = connection.time_is_up(now, self._idle_real_seconds)
                if is_over and not connection.is_about_to_ask():
                    connection.handle_close()
            self.unread.end_slow_ones()
        if self._too_many:
            # Some may have been closed by their clients meanwhile.
            if len(self.active_channels) < self._too_many or self._make_room(now):
                self._rests_until = 0.0
            self._too_many = 0
        if now < self._rests_until:
            return _REST_REAL_SECONDS
        self._rests_until = 0.0
        return self._look_real_seconds

    def pull_trigger(self) -> None:
        """Have the thread that looks at the sockets look again, from any thread."""
        # It need not wake itself: it looks at them next.
        if threading.get_ident() == self._reader:
            return
        # A worker may end after the server; the descriptor may be somebody else's by then.
        with self._closing:
            if not self._closed:
                super().pull_trigger()

    def bytes_under_way(self) -> int:
        """Return how many bytes of bodies have come that were not answered yet."""
        return sum(connection.bytes_under_way() for connection in self.active_channels.values())

    def close_all(self) -> None:
        """Close the address and every connection; nothing if that is done."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self.close()
        for connection in list(self.active_channels.values()):
            connection.cut()
        if "handed_over" in vars(self):
            self.handed_over.stop()

    def readable(self) -> bool:
        """Return whether somebody may be taken in now."""
        return self.accepting and not self._rests_until

    def handle_accept(self) -> None:
        """Take in one connection, if there is room for it."""
        if len(self.active_channels) < self._most_connections:
            super().handle_accept()
        else:
            self._rest()

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
        self._too_many = len(self.active_channels)

    def _make_room(self, now: float) -> bool:
        """Close the connection that can best be spared; return whether there was one."""
        spare = [each for each in self.active_channels.values() if each.can_be_spared(now)]
        for connection in sorted(spare, key=Connection.worth):
            if not connection.is_about_to_ask():
                connection.handle_close()
                return True
        return False


def connections_allowed() -> int:
    """Return how many connections there may be: half of the descriptors of this process.

    The other half is for what arrives at the receiver, for what is sent, and for the ledger.
    """
    if not hasattr(select, "poll"):
        return _MOST_WITH_SELECT
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(1, min(_MOST_CONNECTIONS, allowed // 2))
