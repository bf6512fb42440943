"""Makes one attempt after another with a handle of libcurl."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pycurl

from mockserver.core.models import DueAttempt
from mockserver.core.originals import original
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.curl.answer import AnswerInParts
from mockserver.transport.curl.connection import ConnectionChoice
from mockserver.transport.curl.failure import failure_of, unreadable, with_detail
from mockserver.transport.curl.options import (
    SetOption,
    TransferOptions,
    set_certificates,
    set_common_options,
)
from mockserver.transport.curl.url import split_url
from mockserver.transport.process_guard import all_forbidden


class Transfer:
    """A handle of libcurl that makes one attempt after another.

    Attributes:
        curl: The handle, for the multi interface.
        attempt: The attempt under way.
        connection: Over which connection it goes out.
    """

    def __init__(self, options: TransferOptions) -> None:
        self.curl = _handle()
        self.attempt: DueAttempt
        self._options = options
        self._set_option: SetOption = self.curl.setopt
        self._get_info: Callable[[int], Any] = self.curl.getinfo
        set_common_options(self._set_option, options)
        self.connection = ConnectionChoice(self._set_option, self._get_info, options)
        self._answer = AnswerInParts(self._set_option)
        self._deadline = timedelta(0)
        self._origin = ""
        self._knows_certificates = not options.verify_tls

    def begin(self, attempt: DueAttempt, deadline: timedelta) -> Outcome | None:
        """Make the handle ready for `attempt`; return an outcome if there is nothing to send."""
        self.attempt = attempt
        self.connection.clear(attempt)
        self._answer.clear()
        if deadline != self._deadline:
            self._set_deadline(deadline)
        try:
            error = self._set_url(attempt.url)
        except (pycurl.error, ValueError) as raised:
            error = with_detail(unreadable(attempt.url), str(raised.args[-1]))
        if error is None:
            # Before the host is looked up, which is forbidden as well.
            forbidden = all_forbidden()
            error = None if forbidden is None else f"blocked: {forbidden}"
        if error is not None:
            return Outcome(OutcomeKind.BLOCKED, error=error)
        self.connection.choose(self._origin)
        return None

    def finish(self, code: int, message: str) -> Outcome:
        """Return what came of the attempt, once libcurl is done with it.

        Args:
            code: libcurl's result; 0 if all went well.
            message: libcurl's explanation.

        Raises:
            BaseException: What a callback raised meanwhile.
        """
        connection = self.connection
        if connection.mistake is not None:
            mistake, connection.mistake = connection.mistake, None
            raise mistake
        microseconds: int = self._get_info(_TOTAL_TIME)
        outcome = self._answer.outcome(microseconds, self._deadline, code, message)
        if outcome is None:
            outcome = self._failure(microseconds, code, message)
        link = self._options.link
        if link is not None and connection.sent:
            return link.received(connection.local_port, self.attempt, outcome)
        return outcome

    def _failure(self, microseconds: int, code: int, message: str) -> Outcome:
        kind, error = failure_of(
            code,
            message,
            self.attempt.url,
            self._deadline,
            blocked=self.connection.blocked,
            dialled=self.connection.dialled,
            sent=self.connection.sent,
            os_error=self._get_info(pycurl.OS_ERRNO),
        )
        in_time = kind is not OutcomeKind.TIMEOUT
        elapsed = timedelta(0, 0, microseconds) if in_time else self._deadline
        return Outcome(kind, elapsed, microseconds / 1e6, error=error)

    def _set_deadline(self, deadline: timedelta) -> None:
        milliseconds = round(deadline / timedelta(milliseconds=1))
        milliseconds = min(max(milliseconds, 1), _LONGEST_MILLISECONDS)
        self._set_option(pycurl.TIMEOUT_MS, milliseconds)
        self._set_option(pycurl.CONNECTTIMEOUT_MS, milliseconds)
        self._deadline = deadline

    def _set_url(self, url: str) -> str | None:
        """Point the handle at `url`; return why nothing can be sent there, if so."""
        parts = split_url(url)
        if isinstance(parts, str):
            return parts
        origin, target = parts
        if self._options.route.names_whole_urls and origin[:5].lower() == "http:":
            target = f"http://{origin[7:].rpartition('@')[2]}{target}"
        # Taken from a whole URL, libcurl would rewrite percent escapes in upper case.
        self._set_option(_TARGET, target)
        if origin != self._origin:
            if origin[:6].lower() == "https:" and not self._knows_certificates:
                set_certificates(self._set_option, self._options)
                self._knows_certificates = True
            self._set_option(_URL, origin if origin.isascii() else origin.encode())
            self._origin = origin
        return None


def _handle() -> pycurl.Curl:
    # The multi interface takes none of pytest-recording's, which stands in for it.
    handle: pycurl.Curl = original(pycurl.Curl, "pycurl", "Curl")()
    return handle


# Looked up once: every attempt needs them.
_URL: int = pycurl.URL
_TARGET: int = pycurl.REQUEST_TARGET
_TOTAL_TIME: int = pycurl.TOTAL_TIME_T
_LONGEST_MILLISECONDS = 2**31 - 1
