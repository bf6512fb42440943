"""Describes what the tools answer: short, because an agent pays for each word that it reads.

Without slots: from those the library takes defaults that are none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RuleSeen:
    """A rule. `refused` says why its postbacks will not be sent."""

    postback_id: int
    app_id: str
    listens_to: str
    url: str
    refused: str | None


@dataclass(frozen=True)
class InboxSeen:
    """An inbox: its URL, what it does next, and how many requests it has."""

    name: str
    url: str
    behaviour: str
    requests: int


@dataclass(frozen=True)
class State:
    """Where everything stands. Times are UTC in ISO 8601."""

    api_url: str
    page_url: str
    clock: str
    now: str
    pending: int
    next_due: str | None
    rules: list[RuleSeen]
    inboxes: list[InboxSeen]


@dataclass(frozen=True)
class AttemptSeen:
    """One POST: when, what came back, and why that was no success."""

    at: str
    hours_after_the_first: float
    outcome: str
    reason: list[str]


@dataclass(frozen=True)
class DeliverySeen:
    """A postback on its way; `attempts` only of a single one."""

    id: int
    state: str
    event: str
    user_id: str
    url: str
    attempts_made: int
    next_attempt_at: str | None
    attempts: list[AttemptSeen]


@dataclass(frozen=True)
class Fired:
    """A postback that an event led to."""

    id: int
    state: str
    url: str


@dataclass(frozen=True)
class Triggered:
    """What an event led to, and for each rule that it did not fire the reason."""

    deliveries: list[Fired]
    not_fired: list[str]


@dataclass(frozen=True)
class Advanced:
    """Where the clock stands now, and what was attempted on the way."""

    now: str
    attempts_made: int
    outcomes: dict[str, int]
    pending: int
    next_due: str | None
    complete: bool


@dataclass(frozen=True)
class Received:
    """A request that an inbox got, its query decoded."""

    at: str
    method: str
    query: dict[str, str]
    answered: str


@dataclass(frozen=True)
class RuleAdded:
    """A rule that was added. Remarks are what will cause trouble later."""

    postback_id: int
    example: str
    remarks: list[str]


@dataclass(frozen=True)
class CaseSeen:
    """A case that did not pass. `since` is its verdict in the run before."""

    id: str
    level: str
    status: str
    since: str
    why: str
    fix: str
    curl: str


@dataclass(frozen=True)
class Verified:
    """What a run found. `fixed` names what failed in the run before and does no more."""

    verdict: str
    passed: int
    run: int
    fixed: list[str]
    failing: list[CaseSeen]
    remarks: list[str]
