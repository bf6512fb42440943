"""Asks the mocks that a test has registered with `responses` before the sandbox answers.

A mock at Leanplum's own address wins for what it matches. All else is the sandbox's, and the mocks
do not get to see it: one that keeps an order would take it for a mistake.
"""

from __future__ import annotations

import re
import sys
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mockserver.testing.interception.hosts import LEANPLUM_HOSTS_PATTERN

#: What `responses` lets through to the code of an adapter.
LEANPLUMS = re.compile(rf"https?://(?:[^/?#]*@)?(?:{LEANPLUM_HOSTS_PATTERN})\.?(?=[:/?#]|$)", re.I)


def is_mocked(request: Any) -> bool:
    """Return whether a mock of `responses` matches a request of `requests`."""
    mocks = active_mocks()
    if mocks is None:
        return False
    # What `responses` itself does before it compares.
    if hasattr(request.body, "read"):
        request.body = request.body.read()
    request.params = _parameters(request.path_url)
    request.req_kwargs = {}
    return any(mock.matches(request)[0] for mock in mocks.registered())


def let_pass(adapter: Any) -> None:
    """Let what no mock matches reach the adapter's own code, if it is one with sockets."""
    mocks = active_mocks()
    if mocks is not None and LEANPLUMS not in mocks.passthru_prefixes:
        mocks.add_passthru(LEANPLUMS)


def active_mocks() -> Any:
    """Return the `RequestsMock` that answers now; None if there is none."""
    if "responses" not in sys.modules:
        return None
    from requests.adapters import HTTPAdapter

    # The method that `responses` has put in its place; the object stands in its closure.
    send = HTTPAdapter.send
    if send.__module__ != "responses":
        return None
    cells = dict(zip(send.__code__.co_freevars, send.__closure__ or (), strict=True))
    return cells["self"].cell_contents if "self" in cells else None


def _parameters(target: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    for name, group in groupby(pairs, lambda pair: pair[0]):
        values = [value for _, value in group]
        found[name] = values[0] if len(values) == 1 else values
    return found
