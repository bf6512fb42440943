"""What a case may expect of what an endpoint has stored.

Decides: how long an endpoint may take to have stored something, and what is told of an event that
is lost, doubled or changed. Place in the flow: the half of a target that asks a probe. Must not
import: cases, the runner, senders.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any

from contracts.endpoint.postbacks import Postback
from contracts.endpoint.probe import Line, Stored, differences
from contracts.endpoint.subject import Endpoint
from contracts.recorder import Recorder, Said, Untestable, shown

#: How long an endpoint may take to have stored what it has accepted, in real seconds.
SETTLING_REAL_SECONDS = 3.0
_POLL_REAL_SECONDS = 0.1


class Storage(ABC):
    """What an endpoint has stored, as one case sees it.

    Args:
        endpoint: What the run is aimed at.
        rec: Told of what is not stored as it must be.
    """

    def __init__(self, endpoint: Endpoint, rec: Recorder) -> None:
        self.endpoint = endpoint
        self.rec = rec

    @abstractmethod
    def show_postback(self, postback: Postback) -> None:
        """Take the last time that this postback was sent for what shows most."""

    def stored(self, postbacks: Sequence[Postback] = ()) -> Stored:
        """Return what the endpoint has stored, giving it time to store these postbacks.

        Raises:
            ProbeFailed: It cannot be told.
        """
        probe = self.endpoint.probe
        assert probe is not None, "the case says that it needs a probe"
        ends = self._settled_at()
        while True:
            stored = probe.ask(self.endpoint.composer.prefix)
            missing = stored.entries is not None and any(
                postback.key and not stored.of(postback) for postback in postbacks
            )
            if not missing or time.monotonic() >= ends:
                return stored
            time.sleep(_POLL_REAL_SECONDS)

    def expect_stored_once(
        self,
        postbacks: Sequence[Postback],
        before: Stored,
        what: str,
        *,
        exact: bool = False,
    ) -> None:
        """Expect each of these postbacks to be stored once.

        Args:
            postbacks: What was accepted.
            before: What was stored before the first of them was sent.
            what: What happened to them, for the reason.
            exact: Whether the stored values must be those that were sent as well.

        Raises:
            Deviation: One is missing, is stored more than once, or was changed.
        """
        after = self.stored(postbacks)
        if after.entries is None:
            self._expect_counted(len(postbacks), before, after, what)
            return
        for postback in postbacks:
            entries = after.of(postback)
            if len(entries) != 1:
                self.show_postback(postback)
            lost = "the event is lost" if not entries else "the event counts more than once"
            self.rec.expect_that(
                len(entries) == 1,
                f"{postback.key} stored once",
                Said("not stored" if not entries else f"stored {len(entries)} times"),
                f"{what}; {lost}",
            )
            if exact:
                self._expect_exact(postback, entries[0], what)

    def expect_exact(self, postback: Postback, what: str, *placeholders: str) -> None:
        """Expect what is stored of a postback to be what was sent.

        Args:
            postback: What was sent.
            what: What is special about it, for the reason.
            placeholders: The values that are to be compared; all of them unless given.

        Raises:
            Deviation: A value is missing or was changed.
            Untestable: The probe only counts.
        """
        stored = self.stored([postback])
        if stored.entries is None:
            raise Untestable("the probe only counts; values are compared if it answers entries")
        entries = stored.of(postback)
        self.show_postback(postback)
        self.rec.expect_that(
            bool(entries),
            f"an entry with {postback.key} in an id",
            Said("none"),
            f"{what}; it is not found under the id that was sent",
        )
        names = self.endpoint.subscription.names_of(*placeholders) if placeholders else None
        for entry in entries:
            self._expect_exact(postback, entry, what, names)

    def _expect_exact(
        self, postback: Postback, entry: Any, what: str, names: Collection[str] | None = None
    ) -> None:
        for name, sent, kept in differences(postback, entry, names):
            self.show_postback(postback)
            self.rec.expect(
                {name: sent}, {name: kept}, f"{what}; {name!r} is not stored as it was sent"
            )
        if isinstance(entry, str):
            ids = {postback.event.user_id, postback.event.device_id} - {""}
            if isinstance(entry, Line):
                ids = {each.partition("\n")[0] for each in ids}
            self.show_postback(postback)
            self.rec.expect_that(
                any(each in entry for each in ids),
                f"an entry with {' or '.join(map(shown, sorted(ids)))}",
                entry,
                f"{what}; the id is not stored as it was sent",
            )
        self.rec.checks += 1

    def _expect_counted(self, expected: int, before: Stored, after: Stored, what: str) -> None:
        ends = self._settled_at()
        while after.count - before.count < expected and time.monotonic() < ends:
            time.sleep(_POLL_REAL_SECONDS)
            after = self.stored()
        self.rec.expect(expected, after.count - before.count, f"{what}; counted by the probe")

    def _settled_at(self) -> float:
        """Return until when something may still be stored; in this process it is already."""
        in_process = self.endpoint.place is None
        return time.monotonic() + (0.0 if in_process else SETTLING_REAL_SECONDS)
