"""Serves what is watched from outside: health, the feed, and a fresh start."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from msgspec import Meta, Struct

from mockserver.core.errors import LedgerUnusable
from mockserver.core.limits import LONGEST_PAGE
from mockserver.delivery.feed import Happening
from mockserver.sandbox import Sandbox
from mockserver.version import __version__
from mockserver.web import encoding, shapes
from mockserver.web.control.first_attempts import FirstAttempts
from mockserver.web.current import current_request
from mockserver.web.cutting import cut_values
from mockserver.web.event_stream import EVENT_STREAM, EventStreams
from mockserver.web.routes import ControlRoute

#: Its place in the OpenAPI document.
ORDER = 6


class FeedQuery(Struct, forbid_unknown_fields=True):
    """From where on, and how long to wait for something new."""

    after: Annotated[int, Meta(ge=-1)] = 0
    timeout: Annotated[float, Meta(ge=0, le=30)] = 0.0
    whole: Annotated[bool, Meta(description="Do not cut long values.")] = False


def routes(sandbox: Sandbox) -> list[ControlRoute]:
    """Return the operations of whoever watches."""

    def health() -> shapes.Health:
        problem = sandbox.problem
        if problem is not None:
            raise LedgerUnusable(f"store unavailable: {problem}")
        # Asked when all else waits for the ledger: it must not.
        app_ids = sorted(sandbox.app_ids.copy())
        kind = type(sandbox.ledger).__name__
        addresses, named = sandbox.destinations
        send_to = None if named is None else list(named)
        return shapes.Health(
            "ok", __version__, sandbox.receiver_url, kind, app_ids, addresses, send_to
        )

    def wait(query: FeedQuery) -> None:
        if query.after >= 0:
            sandbox.feed.wait(query.after, query.timeout)

    def entries(happenings: list[Happening], whole: bool = False) -> list[shapes.FeedEntry]:
        first_at = FirstAttempts(sandbox)
        shown = [encoding.happening_json(item, first_at) for item in happenings]
        return shown if whole else [cut_values(entry, "whole=true has all") for entry in shown]

    streams = EventStreams(sandbox.feed, entries)

    def feed(query: FeedQuery) -> shapes.FeedAnswer | Response:
        # As it is: `*/*`, which every program sends, asks for no stream.
        if EVENT_STREAM in current_request().headers.get("Accept", ""):
            return streams.answer(current_request(), query.after)
        if query.after < 0:
            return shapes.FeedAnswer([], sandbox.feed.last)
        happenings = sandbox.feed.after(query.after, most_bytes=LONGEST_PAGE)
        last = happenings[-1].sequence if happenings else query.after
        return shapes.FeedAnswer(entries(happenings, query.whole), last)

    def reset(body: shapes.ResetRequest) -> shapes.ResetAnswer:
        rules, deliveries = sandbox.reset(everything=body.everything)
        return shapes.ResetAnswer(rules, deliveries)

    return [
        ControlRoute(
            "GET",
            "health",
            "Whether the sandbox runs and its store takes something; 503 if not.",
            health,
            shapes.Health,
        ),
        ControlRoute(
            "GET",
            "feed",
            "What happened after a sequence number, waiting for it; after=-1 asks for the last.",
            feed,
            shapes.FeedAnswer,
            query=FeedQuery,
            is_large=True,
            wait=wait,
            streams=True,
        ),
        ControlRoute(
            "POST",
            "reset",
            "Forget rules, deliveries and received requests; apps and clock only if told.",
            reset,
            shapes.ResetAnswer,
            body=shapes.ResetRequest,
        ),
    ]
