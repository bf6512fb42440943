"""Offers the assertions that a test calls on `leanplum`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.comparisons import attempts_at, in_state, not_triggered, received
from mockserver.testing.evidence import Evidence
from mockserver.testing.playing import play_in

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Unpack

    from mockserver.core.names import DeliveryFields, RequestParts
    from mockserver.core.playing import Played
    from mockserver.testing.playing import Playable


class Assertions(ABC):
    """Compares what happened in a test with what it expects; a base of `Leanplum`.

    `**fields` says which deliveries are meant: `event` (like `email.click` or `Click`),
    `channel`, `user_id`, `device_id`, `message_id`, `template_name`, `parameters`, `state`,
    `url`, `query` (a dict, compared key by key), `postback_id`, and the ids of A/B tests.
    Values are compared with `==`. Every assertion returns what it has found.
    """

    @abstractmethod
    def _evidence(self) -> Evidence:
        """Return what has happened until now."""

    @abstractmethod
    def said(self, deliveries: Iterable[DeliveryHistory]) -> None:
        """Take note that the test knows that these were lost or rejected."""

    @abstractmethod
    def _timed(self, deliveries: Iterable[DeliveryHistory]) -> None:
        """Take note that the test knows the attempts of these, but not what became of them.

        What was raised in an attempt that the test speaks of is no surprise. That the data is gone
        may be one: the same attempts may as well have ended with a delivery.
        """

    def play(self, path: str | Path, *, times: int = 1) -> Played:
        """Play the scenario in a file, as `postbacks trigger --file` does, and check it.

        Args:
            path: Of a file with JSON lines, e.g. of what the page copies as a scenario.
            times: How often, one after the other.

        Raises:
            AssertionError: Something else became of its events than it expects.
            InvalidScenario: A line of it is wrong; nothing has happened then.
        """
        __tracebackhide__ = True
        return play_in(cast("Playable", self), path, times)

    def assert_delivered(
        self, *, times: int = 1, **fields: Unpack[DeliveryFields]
    ) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were delivered, and none of them failed."""
        __tracebackhide__ = True
        return self._assert_state(DeliveryState.DELIVERED, times, fields)

    def assert_lost(
        self, *, times: int = 1, **fields: Unpack[DeliveryFields]
    ) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were lost after all their attempts."""
        __tracebackhide__ = True
        return self._assert_state(DeliveryState.LOST, times, fields)

    def assert_rejected(
        self, *, times: int = 1, **fields: Unpack[DeliveryFields]
    ) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were given up at the first answer."""
        __tracebackhide__ = True
        return self._assert_state(DeliveryState.REJECTED, times, fields)

    def assert_attempts_at(
        self, hours: Sequence[float], **fields: Unpack[DeliveryFields]
    ) -> DeliveryHistory:
        """Assert when the attempts of one postback were made, in hours after the first."""
        __tracebackhide__ = True
        verdict = attempts_at(self._evidence(), hours, fields)
        self._timed(verdict.found)
        return verdict.found_or_raise()[0]

    def assert_not_triggered(self, **fields: Unpack[DeliveryFields]) -> None:
        """Assert that no event has fired such a postback."""
        __tracebackhide__ = True
        not_triggered(self._evidence(), fields).found_or_raise()

    def verify(
        self, times: int | None = None, *, inbox: str = "inbox", **wanted: Unpack[RequestParts]
    ) -> list[ReceivedRequest]:
        """Assert that an inbox got such requests.

        Args:
            times: Exactly so many; one at least unless told.
            inbox: Its name.
            **wanted: `method`, `path`, `body`, and `query`, a dict that is compared key by key.
        """
        __tracebackhide__ = True
        return received(self._evidence(), inbox, times, wanted).found_or_raise()

    def verify_never(self, *, inbox: str = "inbox", **wanted: Unpack[RequestParts]) -> None:
        """Assert that an inbox got no such request."""
        __tracebackhide__ = True
        received(self._evidence(), inbox, 0, wanted).found_or_raise()

    def _assert_state(
        self, state: DeliveryState, times: int, fields: Mapping[str, Any]
    ) -> list[DeliveryHistory]:
        __tracebackhide__ = True
        verdict = in_state(self._evidence(), state, times, fields)
        self.said(verdict.found)
        return verdict.found_or_raise()
