"""Describes the JSON about Leanplum's API as types: how it behaves, and what it was asked.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.core.instants import Instant
from mockserver.receiver.behaviours import Behaviour


class ApiBehaviourRequest(Struct, forbid_unknown_fields=True):
    """How calls are answered, one after the other; the last one stays."""

    behaviour: (
        Annotated[str, Meta(description="Shorthand: `503*2,200`; 200 is as usual.")]
        | list[Behaviour]
    )
    action: Annotated[
        str | None, Meta(description="Only calls of this method, e.g. addPostback.")
    ] = None
    app_id: Annotated[str | None, Meta(description="Only calls about this app.")] = None


class ApiScriptJson(Struct):
    """A script, and the calls that it is for: null is every method, or every app."""

    action: str | None
    app_id: str | None
    behaviour: str
    script: list[Behaviour]


class ApiBehaviourAnswer(Struct):
    """All scripts of the API; of several the one for the method of an app counts first.

    Then comes one for the app, then one for the method, then one for every call. A call that no
    script is for is answered as usual.
    """

    scripts: list[ApiScriptJson]


class ApiCallJson(Struct):
    """One call of Leanplum's API; keys are masked, long values cut."""

    number: int
    called_at: Annotated[Instant, Meta(description="In sandbox time.")]
    method: str
    action: str
    app_id: str
    arguments: dict[str, str]
    status: Annotated[int | None, Meta(description="None if it is under way, or was not HTTP.")]
    answer: str
    refused: Annotated[str | None, Meta(description="Why the API did not do it.")]
    ignored: Annotated[list[str], Meta(description="Arguments that no method knows.")]
    warnings: list[str]
    behaviour: Annotated[str, Meta(description="What it was told to answer with, if anything.")]
    end: Annotated[str | None, Meta(description="None while the call is under way.")]
    took_seconds: Annotated[float, Meta(description="How long it was told to take.")]


class ApiCallsAnswer(Struct):
    """The calls that the API got, oldest first; `dropped` older ones are no longer there."""

    calls: list[ApiCallJson]
    dropped: int
