"""Knows which servers keep idle connections open, and which connections are still good.

libcurl does not always notice that a server has closed a connection, and repeats a request that it
sent on a closed one. An attempt must be one request, so a connection is checked before it is used
again. That is not enough for a server that closes the connection right after an answer without
announcing it: the request is on its way when the connection closes, fails, and nobody can tell
whether it was read. To repeat it could deliver a postback twice; not to repeat it would report a
failure that Leanplum would not have. So every attempt has a connection of its own until its server
has kept an idle connection open. While a test has frozen the time of the process, nothing new is
learnt about servers, which is slower but safe.
"""

from __future__ import annotations

import select
from enum import Enum, auto

from mockserver.net.monotonic import real_seconds
from mockserver.net.unpatched import unpatched

#: A connection by local port, remote port, local address, remote address.
Endpoints = tuple[int, int, str, str]

#: How long an idle connection must have stayed open before its server is trusted. A server
#: that closes after each answer does so within a few milliseconds.
SETTLING_REAL_SECONDS = 0.02


class Reuse(Enum):
    """What an attempt may do about connections."""

    #: Use any connection that is open.
    FREELY = auto()
    #: Open one and close it afterwards.
    NEVER = auto()
    #: Open one and leave it open, to see whether the server does.
    PIONEER = auto()
    #: Use the pioneer's, if it is still open.
    TRIAL = auto()


class _Origin:
    __slots__ = ("answered_real_seconds", "keeps_open", "trial_under_way")

    def __init__(self) -> None:
        self.keeps_open = False
        self.trial_under_way = False
        self.answered_real_seconds: float | None = None


class KnownOrigins:
    """What has been learnt about each server (scheme, host and port as in the URL)."""

    def __init__(self) -> None:
        self._origins: dict[str, _Origin] = {}

    def reuse_for(self, name: str) -> Reuse:
        """Return how the next attempt to the origin `name` is to be made."""
        origin = self._origins.get(name)
        if origin is None:
            origin = self._origins[name] = _Origin()
        if origin.keeps_open:
            return Reuse.FREELY
        if origin.trial_under_way:
            return Reuse.NEVER
        answered = origin.answered_real_seconds
        if answered is not None and real_seconds() - answered < SETTLING_REAL_SECONDS:
            return Reuse.NEVER
        origin.trial_under_way = True
        return Reuse.PIONEER if answered is None else Reuse.TRIAL

    def learn(self, name: str, reuse: Reuse, *, answered: bool, reused: bool) -> None:
        """Take note of how an attempt went.

        Needed after every attempt, except after an answer to one that reused freely.

        Args:
            name: The origin.
            reuse: What `reuse_for` said.
            answered: Whether a whole answer came.
            reused: Whether it was sent on a connection that had been open before.
        """
        if reuse is Reuse.NEVER:
            return
        origin = self._origins[name]
        if reuse is not Reuse.FREELY:
            origin.trial_under_way = False
        elif not reused:
            return
        origin.keeps_open = answered and reused
        origin.answered_real_seconds = real_seconds() if answered else None


class NothingKept(KnownOrigins):
    """Gives every attempt a connection of its own."""

    def reuse_for(self, name: str) -> Reuse:
        """Return that every attempt opens a new connection."""
        return Reuse.NEVER


class KeptConnections:
    """The sockets of connections that may be used again.

    An entry for a connection that libcurl has closed meanwhile does no harm: the next one
    with the same endpoints takes its place before it is asked for.

    Args:
        limit: How many to remember; one that is forgotten counts as closed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._new_poll = unpatched("select", "poll")
        self._polls: dict[Endpoints, select.poll] = {}

    def add(self, endpoints: Endpoints, descriptor: int) -> None:
        """Remember the socket of a new connection."""
        # It is never waited for.
        poll = self._new_poll()
        poll.register(descriptor, select.POLLIN)
        self._polls.pop(endpoints, None)
        self._polls[endpoints] = poll
        if len(self._polls) > self._limit:
            del self._polls[next(iter(self._polls))]

    def is_good(self, endpoints: Endpoints) -> bool:
        """Return whether an idle connection is still open: there is nothing to read from it."""
        poll = self._polls.get(endpoints)
        return poll is not None and not poll.poll(0)
