"""Chooses by its URL which transport makes an attempt, where several serve one sandbox.

Transports over sockets are handed in as a factory, so that pycurl is imported only once something
needs it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.transport.protocol import (
    ConcurrentTransport,
    GiveBack,
    Pull,
    Transport,
    end_exchange,
)

#: Accepts a URL that its transport serves, with that transport.
TransportRoute = tuple[Callable[[str], bool], Transport]

_Group = list[tuple[DueAttempt, Outcome]]
_RoutedAttempt = tuple[DueAttempt, Transport]
_Routed = deque[_RoutedAttempt]

#: How much larger the next batch is than the one before.
_GROWTH = 4


class PlainRoutingTransport:
    """A plain transport over other plain ones.

    Args:
        routes: Tried in order; the first that accepts the URL takes the attempt.
        otherwise: Takes all other attempts.

    """

    def __init__(self, routes: Sequence[TransportRoute], otherwise: Transport) -> None:
        self._routes = tuple(routes)
        self._otherwise = otherwise

    @property
    def batch(self) -> int:
        """Return the least of all its transports, see `Transport`."""
        return min(self._otherwise.batch, *(transport.batch for _, transport in self._routes))

    def add_route(
        self, accepts: Callable[[str], bool], transport: Transport, *, last: bool = False
    ) -> None:
        """Let `transport` take the URLs that `accepts` returns True for.

        It is asked before all other routes, or after those there are if it is to be the last.
        """
        self._routes = _with(self._routes, (accepts, transport), last)

    def send(self, attempt: DueAttempt) -> Outcome:
        """Send `attempt` with the transport that takes its URL."""
        return (_taking(self._routes, attempt.url) or self._otherwise).send(attempt)

    def takes(self, url: str) -> bool:
        """Return True: no attempt leaves through a socket of the sandbox."""
        return True


class RoutingTransport:
    """A concurrent transport over plain ones and one concurrent one.

    Args:
        routes: Tried in order; the first that accepts the URL takes the attempt.
        otherwise: Makes the concurrent transport for all other URLs; called once, when the
            first of them comes up.
        capacity: How many attempts may wait for that transport at a time.
    """

    def __init__(
        self,
        routes: Sequence[TransportRoute],
        otherwise: Callable[[], ConcurrentTransport],
        *,
        capacity: int = 64,
    ) -> None:
        self.capacity = capacity
        self._routes = tuple(routes)
        self._make_otherwise = otherwise
        self._otherwise: ConcurrentTransport | None = None
        self._making = Lock()

    def add_route(
        self, accepts: Callable[[str], bool], transport: Transport, *, last: bool = False
    ) -> None:
        """Let `transport` take the URLs that `accepts` returns True for.

        It is asked before all other routes, or after those there are if it is to be the last.
        """
        self._routes = _with(self._routes, (accepts, transport), last)

    def takes(self, url: str) -> bool:
        """Return whether a route takes `url`, so that no socket of the sandbox is used."""
        return _taking(self._routes, url) is not None

    def exchange(self, pull: Pull) -> Iterator[_Group]:
        """Send everything that `pull` hands out; see `ConcurrentTransport`.

        Attempts that a route takes are sent one by one, and each is yielded before the next
        begins. The others are collected meanwhile and go out together. As long as routes take
        them, attempts are pulled one at a time, because the code that is called may look at
        the ledger. If one of a route turns up while others are under way, it is sent as soon
        as the next of those has finished.
        """
        return self._exchange(pull, None)

    def exchange_batches(self, pull: Pull, give_back: GiveBack) -> Iterator[_Group]:
        """Do the same, those of routes whose transports allow it in batches."""
        return self._exchange(pull, give_back)

    def _exchange(self, pull: Pull, give_back: GiveBack | None) -> Iterator[_Group]:
        waiting: deque[DueAttempt] = deque()
        batch = 1
        while True:
            places = 1
            while len(waiting) < self.capacity:
                asked = max(batch, min(places, self.capacity - len(waiting)))
                pulled = pull(asked)
                if not pulled:
                    break
                together = [] if give_back is None else self._batched(pulled)
                rest = pulled[len(together) :]
                if rest and give_back is not None and batch > 1:
                    # So many were asked for only because those before were all of one kind.
                    give_back(rest)
                    rest, batch = (), 1
                elif together and not rest:
                    batch = min(_GROWTH * batch, together[0][1].batch)
                yield from _sent_together(together)
                routed = self._sort(rest, waiting)
                places = 1 if routed or together else 2 * places
                yield from _sent_in_process(routed)
            if not waiting:
                return
            yield from self._exchange_others(pull, waiting)

    def close(self) -> None:
        """Close the concurrent transport, if it was needed."""
        with self._making:
            if self._otherwise is not None:
                self._otherwise.close()

    def _exchange_others(self, pull: Pull, waiting: deque[DueAttempt]) -> Iterator[_Group]:
        routed: _Routed = deque()

        def pull_others(places: int) -> list[DueAttempt]:
            if not places:
                pull(0)
            while len(waiting) < places and not routed:
                pulled = pull(places - len(waiting))
                if not pulled:
                    break
                routed.extend(self._sort(pulled, waiting))
            return [waiting.popleft() for _ in range(min(places, len(waiting)))]

        groups = self._others().exchange(pull_others)
        try:
            for group in groups:
                yield group
                yield from _sent_in_process(routed)
        finally:
            # When this generator is closed early, the attempts under way are to end with it.
            end_exchange(groups)
        yield from _sent_in_process(routed)

    def _batched(self, attempts: Sequence[DueAttempt]) -> list[_RoutedAttempt]:
        """Return those at the head that may be batched, each with its transport."""
        found: list[_RoutedAttempt] = []
        for attempt in attempts:
            transport = _taking(self._routes, attempt.url)
            if transport is None or transport.batch == 1:
                break
            found.append((attempt, transport))
        return found

    def _sort(self, attempts: Iterable[DueAttempt], others: deque[DueAttempt]) -> _Routed:
        routed: _Routed = deque()
        for attempt in attempts:
            transport = _taking(self._routes, attempt.url)
            if transport is None:
                others.append(attempt)
            else:
                routed.append((attempt, transport))
        return routed

    def _others(self) -> ConcurrentTransport:
        with self._making:
            if self._otherwise is None:
                self._otherwise = self._make_otherwise()
            return self._otherwise


def _with(
    routes: tuple[TransportRoute, ...], route: TransportRoute, last: bool
) -> tuple[TransportRoute, ...]:
    return (*routes, route) if last else (route, *routes)


def _taking(routes: Iterable[TransportRoute], url: str) -> Transport | None:
    for accepts, transport in routes:
        if accepts(url):
            return transport
    return None


def _sent_together(routed: Sequence[_RoutedAttempt]) -> Iterator[_Group]:
    group: _Group = []
    try:
        for attempt, transport in routed:
            group.append((attempt, transport.send(attempt)))
    except BaseException:
        # What was sent has happened, whatever the next one raises.
        if group:
            yield group
        raise
    if group:
        yield group


def _sent_in_process(routed: _Routed) -> Iterator[_Group]:
    while routed:
        attempt, transport = routed.popleft()
        yield [(attempt, transport.send(attempt))]
