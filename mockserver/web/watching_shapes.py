"""Describes the JSON about what is watched from outside, as types.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct


class Health(Struct):
    """Says that the sandbox runs, and gives its version and its apps."""

    status: Literal["ok"]
    version: str
    receiver_url: str
    ledger: str
    app_ids: list[str]
    addresses: Annotated[
        Literal["local", "public"],
        Meta(description="`public`: nothing is sent to this machine and private networks."),
    ] = "local"
    send_to: Annotated[
        list[str] | None,
        Meta(
            description="The hosts that postbacks go to besides this machine and private networks "
            "(`serve --send-to`); null for every public host."
        ),
    ] = None


class FeedEntry(Struct):
    """One thing that happened."""

    sequence: int
    kind: str
    facts: dict[str, Any]
    cut: Annotated[list[str], Meta(description="The places of values that were cut.")] = []


class FeedAnswer(Struct):
    """What happened after a sequence number; `last` is the latest one."""

    happenings: list[FeedEntry]
    last: int


class ResetRequest(Struct, forbid_unknown_fields=True):
    """What to forget: `{}` keeps apps and the clock."""

    everything: Annotated[
        bool,
        Meta(
            description="Begin again as if new: the apps of the configuration, the clock at its "
            "start, ids from 1 on."
        ),
    ] = False


class ResetAnswer(Struct):
    """What a reset removed."""

    rules: int
    deliveries: int
