"""Sends postbacks over real sockets, many at a time, with libcurl.

libcurl is used because its time limit is a total one: a server that drips a byte at a time is cut
off when the time is over, which the usual Python clients do not do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Lock, get_ident
from time import sleep

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_TIMEOUT
from mockserver.net.monotonic import real_seconds
from mockserver.transport.addresses import AddressGuard
from mockserver.transport.curl.keep_alive import KeptConnections, KnownOrigins, NothingKept
from mockserver.transport.curl.options import CurlRoute, TransferOptions, TransportLink
from mockserver.transport.curl.transfer import Transfer
from mockserver.transport.protocol import Pull

__all__ = ["CurlRoute", "CurlTransport", "TransportLink"]

_Finished = tuple[DueAttempt, Outcome]


class CurlTransport:
    """A `ConcurrentTransport` over real sockets.

    An attempt is one request on the wire: never repeated, no redirect followed, no proxy used.
    Its time runs from looking the host up to the end of the response head, in real seconds;
    a head that came in time is a response even if its body does not end.

    Args:
        capacity: How many attempts may be under way at a time.
        deadline_of: How long an attempt may take; 30 seconds for all unless given.
        guard: Which addresses may be dialled; those of the policy `local` unless given.
        link: Learns which connection carries which attempt.
        ca_file: A PEM file with the certificates to trust in place of the system's.
        verify_tls: Whether certificates are checked at all.
        route: How its requests get to one endpoint, where that is not left to libcurl.
        keep_alive: Whether a connection may carry more than one request.
        longest_wait: How long an attempt that falls due may have to wait while others are under
            way. The shorter it is, the more it costs to wait.
    """

    def __init__(
        self,
        *,
        capacity: int = 64,
        deadline_of: Callable[[DueAttempt], timedelta] | None = None,
        guard: AddressGuard | None = None,
        link: TransportLink | None = None,
        ca_file: str | None = None,
        verify_tls: bool = True,
        route: CurlRoute | None = None,
        keep_alive: bool = True,
        longest_wait: timedelta = timedelta(milliseconds=20),
    ) -> None:
        self.capacity = capacity
        self._longest_wait = longest_wait.total_seconds()
        self._deadline_of = deadline_of or _default_deadline
        self._options = TransferOptions(
            guard or AddressGuard(),
            link,
            ca_file,
            verify_tls,
            self._opened,
            KnownOrigins() if keep_alive else NothingKept(),
            KeptConnections(4 * capacity),
            route or CurlRoute(),
        )
        self._multi: pycurl.CurlMulti | None = None
        self._transfers: dict[pycurl.Curl, Transfer] = {}
        self._idle: list[Transfer] = []
        self._select_sees_all = True
        self._lock = Lock()
        self._owner: int | None = None

    def exchange(self, pull: Pull) -> Iterator[list[_Finished]]:
        """POST everything that `pull` hands out; see `ConcurrentTransport`.

        One exchange runs at a time; those of other threads wait for it. The caller should ask
        for the next group soon: an answer that is not read before the deadline is a timeout.
        If it is closed early, it drops what is under way.

        Raises:
            RuntimeError: This thread has an exchange under way already.
        """
        self._acquire()
        try:
            multi = self._opened_multi()
            finished: list[_Finished] = []
            wanted = True
            while True:
                if wanted:
                    self._begin(multi, pull(len(self._idle)), finished)
                    wanted = False
                if len(self._idle) < self.capacity:
                    multi.perform()
                    self._collect(multi, finished)
                elif not finished:
                    return
                if finished:
                    group, finished, wanted = finished, [], True
                    yield group
                else:
                    wanted = self._wait(multi)
        finally:
            self._abandon()
            self._release()

    def close(self) -> None:
        """Close the connections it keeps; a later exchange opens new ones.

        It may wait some seconds until the system gives up looking for the address of a name.

        Raises:
            RuntimeError: This thread has an exchange under way.
        """
        self._acquire()
        try:
            for curl in self._transfers:
                curl.close()
            self._transfers.clear()
            self._idle.clear()
            if self._multi is not None:
                self._multi.close()
                self._multi = None
        finally:
            self._release()

    def _begin(
        self, multi: pycurl.CurlMulti, attempts: Sequence[DueAttempt], finished: list[_Finished]
    ) -> None:
        for attempt in attempts:
            transfer = self._idle.pop()
            refused = transfer.begin(attempt, self._deadline_of(attempt))
            if refused is None:
                multi.add_handle(transfer.curl)
            else:
                self._idle.append(transfer)
                finished.append((attempt, refused))

    def _collect(self, multi: pycurl.CurlMulti, finished: list[_Finished]) -> None:
        _, succeeded, failed = multi.info_read()
        for curl, code, message in [*((curl, 0, "") for curl in succeeded), *failed]:
            multi.remove_handle(curl)
            transfer = self._transfers[curl]
            if code and transfer.connection.restarts():
                multi.add_handle(curl)
                continue
            finished.append((transfer.attempt, transfer.finish(code, message)))
            transfer.connection.learn(answered=not code)
            self._idle.append(transfer)

    def _wait(self, multi: pycurl.CurlMulti) -> bool:
        """Wait until something may have happened; return whether nothing did.

        Never for long: an attempt that falls due must not wait for those under way.
        """
        milliseconds = multi.timeout()
        longest = self._longest_wait
        seconds = longest if milliseconds < 0 else min(milliseconds / 1000, longest)
        if not self._select_sees_all:
            seconds = min(seconds, _SHORT_WAIT)
        began = real_seconds()
        if multi.select(seconds) > 0:
            return False
        # Without a socket to look at, for example while a name is looked up, it returns at once.
        if real_seconds() - began < seconds / 2:
            sleep(min(seconds, _SHORT_WAIT))
        return True

    def _opened(self, descriptor: int) -> None:
        if descriptor >= _SELECT_LIMIT:
            self._select_sees_all = False

    def _opened_multi(self) -> pycurl.CurlMulti:
        if self._multi is None:
            self._multi = pycurl.CurlMulti()
            self._multi.setopt(pycurl.M_MAXCONNECTS, self.capacity)
            for _ in range(self.capacity):
                transfer = Transfer(self._options)
                self._transfers[transfer.curl] = transfer
                self._idle.append(transfer)
        return self._multi

    def _abandon(self) -> None:
        if self._multi is None or len(self._idle) == self.capacity:
            return
        idle = set(self._idle)
        for transfer in self._transfers.values():
            if transfer not in idle:
                # Something may have gone wrong before it was added, or after it was removed.
                with suppress(pycurl.error):
                    self._multi.remove_handle(transfer.curl)
                transfer.connection.learn(answered=False)
                self._idle.append(transfer)

    def _acquire(self) -> None:
        if self._owner == get_ident():
            raise RuntimeError("this thread has an exchange under way; finish or close it first")
        self._lock.acquire()
        self._owner = get_ident()

    def _release(self) -> None:
        self._owner = None
        self._lock.release()


def _default_deadline(_attempt: DueAttempt) -> timedelta:
    return DEFAULT_TIMEOUT


_SHORT_WAIT = 0.001
# What select can watch; sockets from here on have to be looked at now and then.
_SELECT_LIMIT = 1024
