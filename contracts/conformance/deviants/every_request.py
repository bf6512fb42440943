"""Breaks the request of some events, of later attempts, or of long URLs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import RECEIVER
from mockserver.core.catalog import Channel
from mockserver.core.models import (
    AbTestEvent,
    Delivery,
    DueAttempt,
    Event,
    MessageEvent,
    NewDelivery,
)
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.receiver.in_process import InProcessReceiver, Written

_LONG = 1_500

#: Whether a request is changed, by its attempt and its event.
When = Callable[[DueAttempt, Event], bool]


def _written_as(name: str, change: str, when: When, write: Callable[[Written], Written]) -> Deviant:
    """Return a fake that writes some requests otherwise."""
    events: dict[int, Event] = {}

    class Remembers(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            events.clear()

        def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
            added = super().add_deliveries(new)
            events.update((each.id, each.event) for each in added)
            return added

    class Changes(InProcessReceiver):
        def written(self, attempt: DueAttempt) -> Written:
            written = super().written(attempt)
            event: Any = events.get(attempt.delivery_id)
            return write(written) if event is not None and when(attempt, event) else written

    return Deviant(name, "deliver", change, ledger=Remembers, patches=((RECEIVER, Changes),))


def _is_test(attempt: DueAttempt, event: Event) -> bool:
    return isinstance(event, AbTestEvent)


def _is_retry(attempt: DueAttempt, event: Event) -> bool:
    return (attempt.number or 1) > 1


def _is_in_app(attempt: DueAttempt, event: Event) -> bool:
    return isinstance(event, MessageEvent) and event.channel is Channel.IN_APP


def _is_long(attempt: DueAttempt, event: Event) -> bool:
    return len(attempt.url) > _LONG


def _method(method: str) -> Callable[[Written], Written]:
    return lambda written: written._replace(method=method)


def _header(name: bytes, value: bytes) -> Callable[[Written], Written]:
    return lambda written: written._replace(headers=(*written.headers, (name, value)))


def _in_the_body(written: Written) -> Written:
    path, _, query = written.target.partition("?")
    return written._replace(target=path, body=query.encode())


DEVIANTS: tuple[Deviant, ...] = (
    _written_as(
        "get-for-ab-tests", "The postback of an A/B test is a GET.", _is_test, _method("GET")
    ),
    _written_as("get-when-retried", "A retry is a GET.", _is_retry, _method("GET")),
    _written_as(
        "put-for-in-app", "That of an in-app message is a PUT.", _is_in_app, _method("PUT")
    ),
    _written_as(
        "body-when-long", "Values of a long URL stand in the body.", _is_long, _in_the_body
    ),
    _written_as(
        "header-for-ab-tests",
        "The postback of an A/B test has a header of its own.",
        _is_test,
        _header(b"X-Experiment", b"1"),
    ),
    _written_as(
        "content-type-when-retried",
        "A retry has a Content-Type.",
        _is_retry,
        _header(b"Content-Type", b"application/x-www-form-urlencoded"),
    ),
)
