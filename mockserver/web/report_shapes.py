"""Describes the JSON about reports and runs of `postbacks verify` as types.

`web.shapes` has them with all others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mockserver.core.instants import Instant

_MOST_URL = 20_000
_MOST_LISTED = 50

Text = Annotated[str, Meta(max_length=200)]


class ReportJson(Struct):
    """What is to be said of a run whose report is kept."""

    id: str
    command: Annotated[str, Meta(description="What made it: `verify` or `contracts run`.")]
    target_kind: Annotated[str, Meta(description="`partner` is an endpoint.")]
    target: Annotated[str, Meta(description="Its URL, secrets masked.")]
    started_at: Instant
    real_seconds: float
    verdict: Annotated[str, Meta(description="E.g. `passed`, `failed`, `interrupted`.")]
    must_passed: int
    must_applicable: int
    by_status: dict[str, int]
    suite_version: str


class ReportsAnswer(Struct):
    """The reports that are kept on this machine, the newest first."""

    reports: list[ReportJson]
    folder: Annotated[str | None, Meta(description="None if none are to be kept.")]


class VerifyRequest(Struct, forbid_unknown_fields=True):
    """Which endpoint on this machine to put to the test, as `postbacks verify` takes it."""

    url: Annotated[str, Meta(min_length=1, max_length=_MOST_URL)]
    type: Literal["messageEvents", "abTestEvents"] = "messageEvents"
    channels: Annotated[list[Text], Meta(max_length=_MOST_LISTED)] = []
    events: Annotated[list[Text], Meta(max_length=_MOST_LISTED)] = []
    parameters_encoding: Literal["once", "twice"] = "once"
    profile: Literal["quick", "full"] = "quick"
    cases: Annotated[list[Text], Meta(max_length=_MOST_LISTED, description="Ids or globs.")] = []
    strict: bool = False


class FoundCaseJson(Struct):
    """A case that did not pass."""

    id: str
    title: str
    level: str
    status: str


class VerifyRunJson(Struct):
    """How far a run is."""

    number: int
    command: Annotated[str, Meta(description="What does the same in a terminal.")]
    is_running: bool
    is_cancelled: bool
    cases: Annotated[int | None, Meta(description="None until that is known.")]
    current: Annotated[str | None, Meta(description="The case that is being tried.")]
    by_status: dict[str, int]
    found: Annotated[list[FoundCaseJson], Meta(description="Those that did not pass.")]
    said: Annotated[list[str], Meta(description="The last lines that the command wrote.")]
    exit_code: int | None
    verdict: Annotated[str | None, Meta(description="None while it goes on.")]
    report_id: Annotated[str | None, Meta(description="Of its report, if that was kept.")]
    real_seconds: float


class VerifyAnswer(Struct):
    """The last run, if there was one."""

    run: VerifyRunJson | None
