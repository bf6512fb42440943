"""Describes the JSON about rules before anything is registered or sent, as types.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class RuleCheckRequest(Struct, forbid_unknown_fields=True):
    """A rule that is no rule yet."""

    url: str
    type: Literal["messageEvents", "abTestEvents"] = "messageEvents"
    channels: Annotated[list[str], Meta(description="All three if there are none.")] = []
    app_id: str | None = None


class UrlRemarkJson(Struct):
    """What is wrong with a URL that addPostback takes."""

    code: str
    text: str
    advice: str


class RuleCheckAnswer(Struct):
    """What addPostback would say of a URL, what it would not say, and an example of a postback."""

    problem: Annotated[str | None, Meta(description="Why addPostback would refuse it.")]
    remarks: list[UrlRemarkJson] = []
    placeholders: list[str] = []
    example: Annotated[str, Meta(description="The URL of an event with sample values.")] = ""
