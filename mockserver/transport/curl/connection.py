"""Decides over which connection an attempt goes out, and that it goes out once.

`keep_alive` knows which servers and connections can be trusted; here that is applied to a handle of
libcurl. libcurl repeats a request if a kept connection closes before a byte came back. An attempt
is one request, so every repetition is stopped.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.transport.curl.keep_alive import Reuse
from mockserver.transport.curl.options import SetOption, TransferOptions
from mockserver.transport.process_guard import forbidden


class ConnectionChoice:
    """The connections of a handle, for one attempt after the other.

    Args:
        set_option: Of the handle.
        get_info: Of the handle.
        options: Of the transport.

    Attributes:
        sent: Whether the request was about to go out on an open connection.
        blocked: Why the guard refused the first address that it refused, if it did.
        dialled: Whether it let another be dialled.
        local_port: The port on this side, once `sent`.
        mistake: What a callback raised; libcurl cannot pass it on.
    """

    def __init__(
        self, set_option: SetOption, get_info: Callable[[int], Any], options: TransferOptions
    ) -> None:
        self.sent = False
        self.blocked: str | None = None
        self.dialled = False
        self.local_port = 0
        self.mistake: BaseException | None = None
        self._set_option = set_option
        self._get_info = get_info
        self._options = options
        self._attempt: DueAttempt
        self._origin = ""
        self._reuse = Reuse.FREELY
        self._restarted = False
        self._went_stale = False
        #: Whether an attempt was begun whose end shows something about its server.
        self._teaches = False
        self._family = 0
        self._descriptors: dict[int, int] = {}
        set_option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        set_option(pycurl.SOCKOPTFUNCTION, self._socket_opened)
        set_option(pycurl.PREREQFUNCTION, self._about_to_send)

    def clear(self, attempt: DueAttempt) -> None:
        """Forget the last attempt; `attempt` is the next one."""
        self._attempt = attempt
        self.sent = False
        self.blocked = None
        self.dialled = False
        self.mistake = None
        self._went_stale = False
        self._teaches = False
        self._descriptors.clear()

    def choose(self, origin: str) -> None:
        """Set whether the attempt, which goes to `origin`, may use a kept connection."""
        self._origin = origin
        reuse = self._options.origins.reuse_for(origin)
        if reuse is not self._reuse or self._restarted:
            self._set_option(pycurl.FRESH_CONNECT, int(reuse in (Reuse.NEVER, Reuse.PIONEER)))
            self._set_option(pycurl.FORBID_REUSE, int(reuse is Reuse.NEVER))
            self._reuse = reuse
            self._restarted = False
        self._teaches = True

    def restarts(self) -> bool:
        """Return whether the attempt is to begin again on a new connection.

        That is so if libcurl was about to send it on one that the server had closed. Nothing of
        it was sent then.
        """
        if not self._went_stale:
            return False
        self._went_stale = False
        self._restarted = True
        self._set_option(pycurl.FRESH_CONNECT, 1)
        return True

    def learn(self, *, answered: bool) -> None:
        """Note what the attempt, if it was begun, showed about its server.

        Args:
            answered: Whether a whole answer came.
        """
        if self._teaches and not (answered and self._reuse is Reuse.FREELY):
            reused = self.sent and not self._get_info(pycurl.NUM_CONNECTS)
            origins = self._options.origins
            origins.learn(self._origin, self._reuse, answered=answered, reused=reused)
        self._teaches = False

    def _about_to_send(
        self, remote_ip: str, local_ip: str, remote_port: int, local_port: int
    ) -> int:
        # It would be a repetition: see above.
        if self.sent:
            return pycurl.PREREQFUNC_ABORT
        try:
            endpoints = (local_port, remote_port, local_ip, remote_ip)
            if not self._descriptors:
                # What was allowed when it was opened, for a test before this one, may not be now.
                if self._refuses(remote_ip, remote_port):
                    return pycurl.PREREQFUNC_ABORT
                if not self._options.kept.is_good(endpoints):
                    self._went_stale = True
                    return pycurl.PREREQFUNC_ABORT
            elif self._reuse is not Reuse.NEVER:
                family = socket.AF_INET6 if ":" in remote_ip else socket.AF_INET
                descriptor = self._descriptors.get(family)
                if descriptor is not None:
                    self._options.kept.add(endpoints, descriptor)
            link = self._options.link
            if link is not None:
                self.local_port = local_port
                link.sending(local_port, remote_port, self._attempt)
        except BaseException as error:
            self.mistake = error
            return pycurl.PREREQFUNC_ABORT
        self.sent = True
        return pycurl.PREREQFUNC_OK

    def _open_socket(self, _purpose: int, address: Any) -> _HandedOver | int:
        # Another socket could only be for a repetition, too.
        if self.sent:
            return pycurl.SOCKET_BAD
        try:
            host, port = address.addr[:2]
            if self._refuses(host, port):
                return pycurl.SOCKET_BAD
            self.dialled = True
            self._family = address.family
            return _HandedOver(socket.socket(address.family, address.socktype, address.protocol))
        except BaseException as error:
            self.mistake = error
            return pycurl.SOCKET_BAD

    def _refuses(self, address: str, port: int) -> bool:
        reason = self._options.guard.reason(address, port, self._attempt.url)
        if reason is None:
            reason = forbidden(address, port)
        if reason is not None and self.blocked is None:
            self.blocked = reason
        return reason is not None

    def _socket_opened(self, descriptor: int, _purpose: int) -> int:
        # pycurl duplicated the socket; this is the descriptor that libcurl works with.
        self._descriptors[self._family] = descriptor
        self._options.opened(descriptor)
        return pycurl.SOCKOPT_OK


class _HandedOver:
    # pycurl duplicates the descriptor and drops this object.

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def fileno(self) -> int:
        return self._socket.fileno()

    def __del__(self) -> None:
        self._socket.close()
