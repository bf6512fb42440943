"""Tells the calls whose answers may be large, so that few of them are made at a time.

To make a page of a listing keeps a processor busy for a moment. Whoever asks for hundreds of them
waits for his turn, and nobody else does.
"""

from __future__ import annotations

import re
from typing import Any

_LISTING = re.compile(
    "/_sandbox/(?:apps|api/calls|deliveries|feed|inboxes(?:/[^/]+/requests)?)/?"
).fullmatch
#: Who waits for something to happen must keep nobody from his turn.
_WAITS = re.compile("(?:^|&)(?:timeout|wait_for)=").search
#: A page that is neither large nor whole takes no longer than other calls.
_FEW = re.compile("(?:^|&)limit=0*(?:[1-9][0-9]?|100)(?:&|$)").search
_STREAM = "text/event-stream"
_WHOLE = re.compile("(?:^|&)whole=").search


def is_listing(request: Any) -> bool:
    """Return whether the answer to a request of waitress may be large, and waits for nothing."""
    if not _LISTING(request.path):
        return False
    query: str = request.query
    # A stream waits as well, and would take a worker of the listings as long as it goes on.
    if _WAITS(query) or _STREAM in request.headers.get("ACCEPT", ""):
        return False
    return _WHOLE(query) is not None or _FEW(query) is None
