"""Describes the JSON about the receiver as types: inboxes, what they do, and what they got.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.core.instants import Instant
from mockserver.receiver.behaviours import Behaviour


class BehaviourRequest(Struct, forbid_unknown_fields=True):
    """What an inbox shall do, request by request; the last one stays."""

    behaviour: Annotated[str, Meta(description="Shorthand: `503*9,200`.")] | list[Behaviour]


class BehaviourAnswer(Struct):
    """What an inbox does from its next request on."""

    inbox: str
    url: str
    behaviour: str
    script: list[Behaviour]
    refused: Annotated[
        str | None,
        Meta(
            description="Why nothing will be forwarded, or may not be, as far as the URL of a "
            "`forward:` tells: `serve` is closed for public hosts (`--send-to`)."
        ),
    ] = None


class FaultJson(Struct):
    """One way to write what an inbox does, and what happens then."""

    kind: str
    shorthand: Annotated[str, Meta(description="As it is written, e.g. `502`; in backticks.")]
    effect: str


class FaultsAnswer(Struct):
    """Everything that an inbox can do."""

    faults: list[FaultJson]


class InboxJson(Struct):
    """An inbox in short: what it got, and what it does."""

    inbox: str
    url: str
    requests: Annotated[int, Meta(description="How many are kept.")]
    last_at: Annotated[Instant | None, Meta(description="When the last of them arrived.")]
    behaviour: str


class InboxesAnswer(Struct):
    """The inboxes in use, by name."""

    inboxes: list[str]
    listed: Annotated[list[InboxJson], Meta(description="The same, each with what it got.")]


class HeaderJson(Struct):
    """One header field, as sent."""

    name: str
    value: str


class ForwardedJson(Struct):
    """What the endpoint did that a request was forwarded to (`forward:URL`)."""

    url: Annotated[str, Meta(description="With the path and the query that were added.")]
    status: Annotated[int | None, Meta(description="None if it did not answer.")]
    headers: list[HeaderJson]
    body: str
    body_base64: str
    error: Annotated[str | None, Meta(description="Why there is no answer, or no whole one.")]
    elapsed_real_seconds: float


class ReceivedJson(Struct):
    """One request that the receiver got; bytes that are no text are in base64."""

    id: int
    inbox: str
    method: str
    target: str
    path: str
    query: dict[str, str]
    request_line: str
    headers: list[HeaderJson]
    body: str
    body_base64: str
    client: str
    arrived_at: Instant
    ended_at: Instant | None
    behaviour: str
    end: Annotated[str | None, Meta(description="None while the request is under way.")]
    status: int | None
    delivery_id: int | None
    attempt_number: int | None
    forwarded: Annotated[
        ForwardedJson | None,
        Meta(description="None if it was not forwarded, or the endpoint has not answered yet."),
    ] = None
    cut: Annotated[list[str], Meta(description="The places of values that were cut.")] = []


class RequestsAnswer(Struct):
    """The requests of an inbox; `evicted` older ones were dropped to bound memory."""

    inbox: str
    requests: list[ReceivedJson]
    evicted: int
    complete: Annotated[bool, Meta(description="Whether `wait_for` requests were there.")]
    next: Annotated[
        int | None,
        Meta(description="The `after` of the rest, if a page of about 4 MiB has not room for all."),
    ] = None


class ReplayRequest(Struct, forbid_unknown_fields=True):
    """Where to send a request once more, as far as the path; its query is added."""

    url: Annotated[
        str,
        Meta(
            description="On this machine, like `http://127.0.0.1:5000/postbacks`, or at a host "
            "that `--send-to` names."
        ),
    ]


class ReplayedJson(Struct):
    """What an endpoint answered to a request that was sent once more."""

    status: Annotated[int | None, Meta(description="None if it did not answer.")]
    headers: list[tuple[str, str]]
    body: Annotated[str, Meta(description="Its first 64 KiB.")]
    error: Annotated[str | None, Meta(description="Why it did not answer.")]
    elapsed_real_seconds: float
