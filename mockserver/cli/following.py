"""Follows what happens to the postbacks of one inbox, over gaps and restarts of the server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from mockserver.core.errors import PostbacksError, ServerUnreachable
from mockserver.web.shapes import AttemptJson, EventJson, FeedEntry

if TYPE_CHECKING:
    from mockserver.cli.listening import Listening
    from mockserver.client.event_stream import StreamEvent
    from mockserver.client.sandbox_client import SandboxClient

#: Of how many deliveries it is remembered what happened; of others it is asked for.
_REMEMBERED = 2_000

NoticeKind = Literal["attempt", "other", "beat", "gap", "gone", "back", "again"]


class Notice(NamedTuple):
    """One thing to tell.

    Attributes:
        kind: `attempt` of a postback, `other` for a request of somebody else, `beat`: the server is
            there, `gap`: something is missing, `gone`, `back`: the server, `again`: what was put up
            was missing and was put up again.
        facts: As the feed has it.
        attempt: Of `attempt`.
        event: Its event; None if it can no longer be found out.
        missed: Of a `gap`: how many happenings; None if nobody knows.
        reason: Of `gone` and `again`: why.
    """

    kind: NoticeKind
    facts: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    attempt: AttemptJson | None = None
    event: EventJson | None = None
    missed: int | None = None
    reason: str = ""


class Following:
    """What is told, without an end.

    Args:
        client: Of the sandbox.
        listening: Whose postbacks.
        rest: Waits before the server is asked again.
    """

    def __init__(
        self, client: SandboxClient, listening: Listening, rest: Callable[[], None]
    ) -> None:
        self._client = client
        self._listening = listening
        self._rest = rest
        self._last_id = ""
        self._last = -1
        self._events: OrderedDict[int, EventJson] = OrderedDict()

    def begin(self) -> None:
        """Begin: what happens from now on is told.

        Raises:
            PostbacksError: The sandbox does not answer.
        """
        self._stream = self._client.stream()
        first = next(self._stream, None)
        if first is None:
            raise ServerUnreachable(f"{self._client.url} ended the stream of events at once")
        self._last_id, self._last = first.id, first.number

    def close(self) -> None:
        """End it."""
        self._stream.close()

    def notices(self) -> Iterator[Notice]:
        """Yield what is to be told, as it happens."""
        while True:
            reason = "it has stopped"
            try:
                yield from self._until_gone()
            except ServerUnreachable as error:
                reason = str(error)
            self._stream.close()
            yield Notice("gone", reason=reason)
            self._come_back()
            yield Notice("back")
            yield from self._put_up_again("the server was away")

    def _until_gone(self) -> Iterator[Notice]:
        for event in self._stream:
            if event.kind == "beat":
                yield Notice("beat")
            elif event.kind == "gap":
                yield from self._over_gap(event)
            elif event.kind == "happening":
                yield from self._of(msgspec.convert(event.data, FeedEntry))
            self._last_id = event.id or self._last_id

    def _over_gap(self, gap: StreamEvent) -> Iterator[Notice]:
        """Ask for what a stream has left out; what the feed has dropped is told as missing."""
        if gap.data["missed"] is None:
            # Another process, which counts anew.
            self._last = gap.number
            yield Notice("gap")
            return
        until = gap.number
        while self._last < until:
            answer = self._client.feed(self._last)
            if not answer.happenings:
                return
            for entry in answer.happenings:
                yield from self._of(entry)

    def _of(self, entry: FeedEntry) -> Iterator[Notice]:
        if entry.sequence <= self._last:
            return
        left_out = entry.sequence - self._last - 1
        self._last = entry.sequence
        if left_out:
            yield Notice("gap", missed=left_out)
        facts = entry.facts
        if entry.kind == "event":
            self._remember(facts)
        elif entry.kind == "reset":
            yield from self._put_up_again("the sandbox was reset")
        elif entry.kind == "attempt" and self._listening.is_ours(facts["url"]):
            attempt = msgspec.convert(facts["attempt"], AttemptJson)
            yield Notice("attempt", facts, attempt, self._event_of(attempt.delivery_id))
        elif entry.kind == "forward" and self._is_of_another_sender(facts):
            yield Notice("other", facts)

    def _is_of_another_sender(self, facts: dict[str, Any]) -> bool:
        return facts["inbox"] == self._listening.inbox and facts["delivery_id"] is None

    def _remember(self, facts: dict[str, Any]) -> None:
        event = msgspec.convert(facts["event"], EventJson)
        for delivery_id in facts["delivery_ids"]:
            self._events[delivery_id] = event
        while len(self._events) > _REMEMBERED:
            self._events.popitem(last=False)

    def _event_of(self, delivery_id: int) -> EventJson | None:
        event = self._events.get(delivery_id)
        if event is None:
            try:
                event = self._client.delivery(delivery_id).event
            except ServerUnreachable:
                raise
            except PostbacksError:
                # Forgotten meanwhile.
                return None
            self._events[delivery_id] = event
        return event

    def _put_up_again(self, why: str) -> Iterator[Notice]:
        try:
            if self._listening.is_up():
                return
            self._listening.put_up()
        except ServerUnreachable as error:
            # The stream will find the same.
            yield Notice("again", reason=f"{why}, and it does not answer: {error}")
            return
        yield Notice("again", reason=why)

    def _come_back(self) -> None:
        while True:
            self._rest()
            try:
                self._stream = self._client.stream(self._last_id)
            except ServerUnreachable:
                continue
            return
