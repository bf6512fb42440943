"""Holds the nouns of the project as values: app, rule, event, delivery, attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.clock import later
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_RETRY_POLICY, DeliveryState, RetryPolicy

#: How `{{Parameters}}` is written: the JSON document percent-encoded once, or with every
#: string inside it encoded as well.
ParametersEncoding = Literal["once", "twice"]


class KeyClass(StrEnum):
    """The classes of access keys an app has (documented)."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DATA_EXPORT = "data_export"
    CONTENT_READ_ONLY = "content_read_only"
    CONTENT_READ_WRITE = "content_read_write"


#: The keys that the documentation's own examples carry.
EXAMPLE_KEYS: Mapping[KeyClass, str] = MappingProxyType(
    {
        KeyClass.PRODUCTION: "YOUR_PROD_KEY",
        KeyClass.DEVELOPMENT: "YOUR_DEV_KEY",
        KeyClass.DATA_EXPORT: "YOUR_DATA_EXPORT_KEY",
        KeyClass.CONTENT_READ_ONLY: "YOUR_CONTENT_READ_ONLY_KEY",
        KeyClass.CONTENT_READ_WRITE: "YOUR_CONTENT_READ_WRITE_KEY",
    }
)

EXAMPLE_APP_ID = "YOUR_APP_ID"


@dataclass(frozen=True, slots=True)
class App:
    """An app at Leanplum, with its keys and the knobs of how the fake treats it.

    Attributes:
        app_id: E.g. `YOUR_APP_ID`.
        keys: One key for each class; only `data_export` opens the postback methods.
        retry: What is retried, when, and after how long an attempt times out.
        parameters_encoding: See `ParametersEncoding`.
        rule_limit: How many postback rules may exist at once (documented: three).
    """

    app_id: str = EXAMPLE_APP_ID
    keys: Mapping[KeyClass, str] = field(default_factory=lambda: EXAMPLE_KEYS)
    retry: RetryPolicy = DEFAULT_RETRY_POLICY
    parameters_encoding: ParametersEncoding = "once"
    rule_limit: int = 3


@dataclass(frozen=True, slots=True)
class PostbackRule:
    """What `addPostback` registered.

    Attributes:
        postback_id: Sixteen digits, exact in a 64-bit float (observed of Leanplum's ids).
        app_id: Whose rule it is.
        type: Message events or A/B test events.
        channels: The channels it listens to; of no effect for A/B tests (assumed).
        url: The template, exactly as registered.
        created_at: When, aware UTC.
    """

    postback_id: int
    app_id: str
    type: PostbackType
    channels: tuple[Channel, ...]
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """Something that happened to a message: sent, opened, clicked.

    Attributes:
        event: As on the wire, e.g. `Send`, `Click`.
        triggered_at: When it happened, aware UTC; may lie in the past (documented).
    """

    app_id: str
    channel: Channel
    event: str
    triggered_at: datetime
    user_id: str = ""
    device_id: str = ""
    message_id: str = ""
    template_name: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbTestEvent:
    """A user entered a variant of an A/B test.

    Attributes:
        triggered_at: When it happened, aware UTC; may lie in the past (documented).
    """

    app_id: str
    triggered_at: datetime
    user_id: str = ""
    device_id: str = ""
    ab_test_id: str = ""
    variant_id: str = ""


Event = MessageEvent | AbTestEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    """One postback on its way: the URL rendered when the event happened, and its progress.

    Attributes:
        id: Counts up from 1 in every ledger.
        url: The rendered URL; it does not change when the rule is deleted (assumed).
        attempts_made: Scheduled attempts so far, manual ones apart.
        due_at: When the next attempt is due, aware UTC; None once the state is final.
    """

    id: int
    app_id: str
    postback_id: int
    url: str
    event: Event
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts_made: int = 0
    due_at: datetime | None = None


class NewDelivery(NamedTuple):
    """A delivery that no ledger has taken in yet; due at `due_at`, aware UTC."""

    app_id: str
    postback_id: int
    url: str
    event: Event
    due_at: datetime


class DueAttempt(NamedTuple):
    """An attempt that has been claimed and is about to be made.

    Attributes:
        number: 1 to 10 by default; None for a manual resend.
        due_at: The instant it was due, aware UTC.
        repeated: Whether an earlier process died while making the very same attempt.
        claim: The token of the claim; a result without it is not taken.
    """

    delivery_id: int
    app_id: str
    url: str
    number: int | None
    due_at: datetime
    repeated: bool
    claim: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST that was made, and what came of it.

    Attributes:
        number: Counts the scheduled attempts from 1; None for a manual resend.
        started_at: Sandbox time, aware UTC.
        repeated: Whether an earlier process died while making it (so it may have arrived
            twice).
    """

    delivery_id: int
    number: int | None
    started_at: datetime
    outcome: Outcome
    repeated: bool = False

    @property
    def manual(self) -> bool:
        """Whether it was asked for by `resend`, outside the schedule."""
        return self.number is None

    @property
    def ended_at(self) -> datetime:
        """When it ended, in sandbox time, aware UTC."""
        return later(self.started_at, self.outcome.elapsed)


#: No rule and no delivery has an id beyond: databases count no further.
LARGEST_ID = 2**63 - 1

_ID_FLOOR = 1_000_000_000_000_000
_ID_RANGE = 7_999_999_999_999_999
_ID_STEP = 4_406_400_932_175_873


def is_id(number: int) -> bool:
    """Return whether a rule or a delivery may have this id; a ledger need not be asked if not."""
    return 0 < number <= LARGEST_ID


def postback_id_of(sequence: int) -> int:
    """Return the id of the rule that was added as number `sequence`: 16 digits, no order.

    A stride through the range that shares no factor with it, so no two sequences within the
    range meet; every id stays below 2**53.
    """
    return _ID_FLOOR + sequence * _ID_STEP % _ID_RANGE
