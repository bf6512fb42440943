"""Assertions about deliveries and requests, with failures that show what happened instead.

Decides: what can be asserted. Place in the flow: part of `Leanplum`. Must not import: pytest,
the web.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.failure_text import Context, failure, requests_in_words, since, tracebacks
from mockserver.testing.matching import (
    check_fields,
    check_parts,
    differences,
    nearest,
    request_differences,
)

if TYPE_CHECKING:
    from mockserver.testing.leanplum import Leanplum


class Assertions:
    """What a test says of deliveries.

    `**fields` narrows down which ones are meant: `event` (like `email.click` or `Click`),
    `channel`, `user_id`, `device_id`, `message_id`, `template_name`, `parameters`, `state`,
    `url`, `query` (a dict, compared key by key), `postback_id`, and the ids of A/B tests.
    Values are compared with `==`. Every assertion returns what it has found.
    """

    def assert_delivered(self, *, times: int = 1, **fields: Any) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were delivered, and none of them failed."""
        __tracebackhide__ = True
        return self._assert_states("delivered", {DeliveryState.DELIVERED}, times, fields)

    def assert_lost(self, *, times: int = 1, **fields: Any) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were lost after all their attempts."""
        __tracebackhide__ = True
        return self._assert_states("lost", {DeliveryState.LOST}, times, fields)

    def assert_rejected(self, *, times: int = 1, **fields: Any) -> list[DeliveryHistory]:
        """Assert that so many of these postbacks were given up at the first answer."""
        __tracebackhide__ = True
        return self._assert_states("rejected", {DeliveryState.REJECTED}, times, fields)

    def assert_attempts_at(self, hours: Sequence[float], **fields: Any) -> DeliveryHistory:
        """Assert when the attempts of one postback were made, in hours after the first."""
        __tracebackhide__ = True
        matching = self._matching(fields)
        if len(matching) != 1:
            self._fail(f"expected one delivery {_described(fields)}\nfound {len(matching)}", fields)
        seen = [round(offset, 6) for offset in matching[0].offsets_in_hours]
        wanted = hours
        if isinstance(hours, Sequence):
            wanted = [round(each, 6) if isinstance(each, int | float) else each for each in hours]
        if wanted != seen:
            self._fail(
                f"expected attempts at hours {_hours(hours)}\n      they were at {_hours(seen)}",
                fields,
            )
        return matching[0]

    def assert_not_triggered(self, **fields: Any) -> None:
        """Assert that no event has fired such a postback."""
        __tracebackhide__ = True
        matching = self._matching(fields)
        if matching:
            self._fail(f"expected no delivery {_described(fields)}\nfound {len(matching)}", fields)

    def verify(
        self, times: int | None = None, *, inbox: str = "inbox", **wanted: Any
    ) -> list[ReceivedRequest]:
        """Assert that an inbox got such requests.

        Args:
            times: Exactly so many; one at least unless told.
            inbox: Its name.
            **wanted: `method`, `path`, `body`, and `query`, a dict that is compared key by key.
        """
        __tracebackhide__ = True
        check_parts(wanted)
        requests = self._this.inbox(inbox).requests
        told = [(request, request_differences(request, wanted)) for request in requests]
        found = [request for request, different in told if not different]
        if (times is None and not found) or (times is not None and len(found) != times):
            noun = "request" if times == 1 else "requests"
            expected = "at least one request" if times is None else f"{times or 'no'} {noun}"
            others = [name for name in self._this.sandbox.inboxes.names() if name != inbox]
            raise AssertionError(
                f"expected {expected} at inbox {inbox!r} {_described(wanted)}\nfound "
                f"{len(found)} among {len(requests)}\n\n"
                f"{requests_in_words(told, self._this.deliveries, others)}"
            )
        return found

    def verify_never(self, *, inbox: str = "inbox", **wanted: Any) -> None:
        """Assert that an inbox got no such request."""
        __tracebackhide__ = True
        self.verify(0, inbox=inbox, **wanted)

    @property
    def _this(self) -> Leanplum:
        from mockserver.testing.leanplum import Leanplum

        assert isinstance(self, Leanplum)
        return self

    def _assert_states(
        self, word: str, states: set[DeliveryState], times: int, fields: Mapping[str, Any]
    ) -> list[DeliveryHistory]:
        __tracebackhide__ = True
        matching = self._matching(fields)
        found = [delivery for delivery in matching if delivery.state in states]
        self._this.said(found)
        others = len(matching) - len(found)
        if len(found) != times or (times and others):
            rest = f", and {others} that {'is' if others == 1 else 'are'} not" if others else ""
            self._fail(
                f"expected {times} {word} {'postback' if times == 1 else 'postbacks'} "
                f"{_described(fields)}\nfound {len(found)}{rest}",
                fields,
            )
        return found

    def _matching(self, fields: Mapping[str, Any]) -> list[DeliveryHistory]:
        __tracebackhide__ = True
        check_fields(fields)
        return [item for item in self._this.deliveries if not differences(item, fields)]

    def _fail(self, expected: str, fields: Mapping[str, Any]) -> None:
        __tracebackhide__ = True
        deliveries = nearest(list(self._this.deliveries), fields)
        told = {item.id: differences(item, fields) for item in deliveries}
        raise AssertionError(failure(expected, deliveries, told, self._context()))

    def _context(self) -> Context:
        this = self._this
        rules = this.postbacks
        mismatches = [item for event in this.triggered for item in event.mismatches]
        if not rules:
            why = "no rule is registered, so nothing can be delivered"
        elif not this.triggered:
            why = "no event has happened; trigger one, e.g. leanplum.trigger('email.click')"
        else:
            reasons = dict.fromkeys(mismatch.reason for mismatch in mismatches)
            why = "no event has fired a rule\n" + "\n".join(f"  {reason}" for reason in reasons)
            if not reasons:
                why = "the events came before there was a rule"
        now_at = this.now()
        due = [each.due_at for each in this.deliveries if each.due_at is not None]
        return Context(
            {rule.postback_id: rule.url for rule in rules},
            tracebacks(this.partners),
            why,
            overdue_at=now_at if any(due_at <= now_at for due_at in due) else None,
        )


def _described(fields: Mapping[str, Any]) -> str:
    if not fields:
        return "of any kind"
    return "with\n  " + "\n  ".join(f"{name}={_plain(value)!r}" for name, value in fields.items())


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _hours(hours: object) -> str:
    if not isinstance(hours, Sequence):
        return repr(hours)
    return "[" + ", ".join(_hour(offset) for offset in hours) + "]"


def _hour(offset: object) -> str:
    if not isinstance(offset, int | float):
        return repr(offset)
    # A part of an hour is told exactly, so that two that differ look different.
    whole = float(offset).is_integer()
    return f"{offset:g}" if whole else f"{offset:.6f} ({since(timedelta(hours=offset))})"
