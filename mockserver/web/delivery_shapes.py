"""Describes the JSON that explains a delivery, as types.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mockserver.core.instants import Instant


class UrlPieceJson(Struct):
    """A part of a rendered URL."""

    text: Annotated[str, Meta(description="As it is in the URL.")]
    placeholder: Annotated[str | None, Meta(description="Whose value it is; null for the rest.")]


class ExplainedJson(Struct):
    """Where a delivery comes from, what is still to come, and how to have it again."""

    template: Annotated[str | None, Meta(description="Null if the rule was deleted.")]
    pieces: Annotated[
        list[UrlPieceJson],
        Meta(description="The URL in parts; one only, if the template no longer makes this URL."),
    ]
    planned: Annotated[
        list[Instant],
        Meta(description="The attempts to come if each fails at once, the next one first."),
    ]
    attempt_limit: Annotated[int, Meta(description="How many are made at most.")]
    timeout_seconds: float
    inbox: Annotated[str | None, Meta(description="The inbox that its URL leads to, if any.")]
    curl: Annotated[str, Meta(description="A command that sends the same postback.")]
    pytest: Annotated[str, Meta(description="A test in which the same happens.")]
    scenario: Annotated[
        str,
        Meta(description="Its event as a scenario, for `postbacks trigger --file`."),
    ]
