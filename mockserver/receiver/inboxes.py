"""Keeps the inboxes of a receiver: what each does with its next request, and what each got.

The receiver with a socket and the one within the process share them. What behaviours are is
imported when the first of them is asked for: many sandboxes never use an inbox.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mockserver.core.inbox_name import INBOX_NAME, checked_inbox_name
from mockserver.core.inbox_name import INBOX_PATH as INBOX_PATH
from mockserver.core.limits import MOST_OF_SCRIPTS, TooMuch
from mockserver.receiver.journal import MAX_BYTES, MAX_REQUESTS, Journal, ReceivedRequest

if TYPE_CHECKING:
    from mockserver.core.forwarded import Forwarded
    from mockserver.receiver.behaviours import Behaviour, Script
    from mockserver.receiver.forwarder import Forwarder
    from mockserver.receiver.walk import ScriptWalk

_IN_TARGET = re.compile(rf"(?:https?://[^/?#]*)?/inbox/({INBOX_NAME})(?=[/?#]|$)")


class Inboxes:
    """All inboxes of one receiver; each exists as soon as it is named.

    Args:
        now: The clock of the sandbox; real time by default.
        max_requests: How many requests the journal keeps.
        max_bytes: About how many bytes they may take.
        max_script_bytes: About how many bytes the scripts of all inboxes may take.

    Attributes:
        journal: What all of them got.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        max_requests: int = MAX_REQUESTS,
        max_bytes: int = MAX_BYTES,
        max_script_bytes: int = MOST_OF_SCRIPTS,
    ) -> None:
        self._max_script_bytes = max_script_bytes
        self._script_bytes = 0
        self.journal: Journal = Journal(max_requests, max_bytes, now)
        self._lock = threading.Lock()
        self._walks: dict[str, ScriptWalk] = {}
        self._make_forwarder: Callable[[], Forwarder] | None = None
        self._forwarder: Forwarder | None = None
        self._on_forwarded: list[Callable[[ReceivedRequest], None]] = []
        #: Whether an inbox forwards what it gets, if only some of it.
        self.forwards: bool = False
        #: Returns why nothing is forwarded to a URL, before its host is looked up.
        self.refuses_to_forward: Callable[[str], str | None] = lambda url: None

    def inbox(self, name: str, base_url: str) -> Inbox:
        """Return the handle of one inbox.

        Raises:
            InvalidValue: The name has characters that a path would have to encode.
        """
        return Inbox(self, checked_inbox_name(name), f"{base_url}{INBOX_PATH}{name}")

    def names(self) -> list[str]:
        """Return the names in use, sorted."""
        with self._lock:
            named = set(self._walks)
        return sorted(named | {request.inbox for request in self.journal.requests()})

    def behave(self, name: str, script: Script) -> None:
        """Let an inbox follow `script` from its next request on.

        Raises:
            InvalidValue: It is no name of an inbox.
            InvalidBehaviour: It forwards to where nothing may be sent.
            TooMuch: The scripts of all inboxes are too large together.
        """
        from mockserver.receiver.walk import ScriptWalk

        for url in {each.forwards_to for each in script}:
            if url is not None:
                self.forwarder.check(url)
        walk = ScriptWalk(script)
        with self._lock:
            before = self._walks.get(checked_inbox_name(name))
            total = self._script_bytes + walk.size - (before.size if before else 0)
            if total > self._max_script_bytes:
                raise TooMuch(
                    f"the behaviours of all inboxes would take {total} bytes, "
                    f"{self._max_script_bytes} are kept at most (behaviour_bytes); make them "
                    "shorter, or clear inboxes that are not needed"
                )
            self._script_bytes = total
            self._walks[name] = walk
            self._look_whether_it_forwards()

    def script(self, name: str) -> Script:
        """Return the whole script an inbox was given."""
        from mockserver.receiver.behaviours import DEFAULT_SCRIPT

        walk = self._walks.get(checked_inbox_name(name))
        return DEFAULT_SCRIPT if walk is None else walk.script

    def next_behaviour(self, name: str) -> tuple[Behaviour, str]:
        """Return what serves the next request of an inbox, and its shorthand."""
        walk = self._walks.get(name)
        if walk is None:
            from mockserver.receiver.behaviours import DEFAULT_SCRIPT

            return DEFAULT_SCRIPT[0], "200"
        with self._lock:
            return walk.step()

    @property
    def forwarder(self) -> Forwarder:
        """Return who forwards for inboxes that are told to."""
        with self._lock:
            if self._forwarder is None:
                # Few sandboxes forward anything.
                from mockserver.receiver.forwarder import Forwarder

                self._forwarder = (self._make_forwarder or Forwarder)()
                self._forwarder.refuses = self.refuses_to_forward
            return self._forwarder

    def forward_with(self, make: Callable[[], Forwarder]) -> None:
        """Have `make` called for who forwards, when something is to be forwarded first."""
        with self._lock:
            self._make_forwarder, self._forwarder = make, None

    def stop_forwarding(self) -> None:
        """End what is being forwarded, and forward nothing more."""
        if self._forwarder is not None:
            self._forwarder.stop()

    def forwarded(self, request: ReceivedRequest, forwarded: Forwarded) -> None:
        """Take note of what became of a request at the endpoint that it was forwarded to."""
        self.journal.forwarded(request, forwarded)
        for tell in self._on_forwarded:
            tell(request)

    def on_forwarded(self, tell: Callable[[ReceivedRequest], None]) -> None:
        """Call `tell` with every request that was forwarded, once it is known what came of it."""
        self._on_forwarded.append(tell)

    def clear(self, name: str) -> None:
        """Forget an inbox: what it got and what it does."""
        with self._lock:
            walk = self._walks.pop(checked_inbox_name(name), None)
            self._script_bytes -= walk.size if walk else 0
            self._look_whether_it_forwards()
        self.journal.clear(name)

    def reset(self) -> None:
        """Forget all inboxes."""
        with self._lock:
            self._walks.clear()
            self._script_bytes = 0
            self._look_whether_it_forwards()
        self.journal.clear()

    def _look_whether_it_forwards(self) -> None:
        self.forwards = any(walk.forwards for walk in self._walks.values())


class Inbox:
    """One inbox, for those who use it."""

    def __init__(self, inboxes: Inboxes, name: str, url: str) -> None:
        self._inboxes = inboxes
        self.name = name
        self.url = url

    def behave(self, script: str | Iterable[Behaviour | dict[str, Any]]) -> None:
        """Say what it shall do, request by request, e.g. `"503*9,200"`.

        Raises:
            InvalidBehaviour: The script cannot be read.
        """
        from mockserver.receiver.behaviours import parse_script

        self._inboxes.behave(self.name, parse_script(script))

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Return what it got, in the order of arrival."""
        return self._inboxes.journal.requests(self.name)

    def wait_for(self, count: int, timeout_real_seconds: float = 5.0) -> list[ReceivedRequest]:
        """Return what it got as soon as there are `count` requests, or time is up."""
        return self._inboxes.journal.wait_for(self.name, count, timeout_real_seconds)

    def clear(self) -> None:
        """Forget what it got and what it does."""
        self._inboxes.clear(self.name)

    def __repr__(self) -> str:
        count = len(self.requests)
        return f"<inbox {self.name}: {count} {'request' if count == 1 else 'requests'}>"


def inbox_of(target: str) -> str | None:
    """Return the name of the inbox that a request target leads to, if it does."""
    match = _IN_TARGET.match(target)
    return None if match is None else match[1]
