"""Keeps proxies that the environment names away from Leanplum's hosts while a test answers.

Clients read the environment, and would ask the proxy for Leanplum. Hosts in `NO_PROXY` they call
themselves. A proxy that was given to the client is another matter, see `connections`.
"""

from __future__ import annotations

import os

from mockserver.testing.interception.hosts import LEANPLUM_HOSTS

_PROXIES = ("https_proxy", "http_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")

#: What the exceptions were, and what they are now; None if nothing was changed.
_changed: dict[str, tuple[str | None, str]] | None = None


def begin() -> None:
    """Except Leanplum's hosts from the proxies of the environment, if there are any."""
    global _changed
    if _changed is not None or not any(os.environ.get(name) for name in _PROXIES):
        return
    before = {name: os.environ.get(name) for name in _EXCEPTIONS}
    # Clients take the one in small letters if both are there, so both have to say the same.
    given = before["no_proxy"] if before["no_proxy"] is not None else before["NO_PROXY"]
    if (given or "").strip() == "*":
        return
    hosts = [given, *sorted(LEANPLUM_HOSTS)] if given else sorted(LEANPLUM_HOSTS)
    text = ",".join(hosts)
    _changed = {name: (was, text) for name, was in before.items()}
    for name in _EXCEPTIONS:
        os.environ[name] = text


def end() -> None:
    """Take that back, unless somebody else has changed it meanwhile."""
    global _changed
    for name, (was, is_now) in (_changed or {}).items():
        if os.environ.get(name) != is_now:
            continue
        if was is None:
            del os.environ[name]
        else:
            os.environ[name] = was
    _changed = None
