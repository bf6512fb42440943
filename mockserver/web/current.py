"""Returns the request that is being answered, without Flask's slower proxy.

The proxy looks up the request again for every attribute that is read, and a call of the API
reads about twenty.
"""

from __future__ import annotations

from typing import cast

from flask import Request, request
from werkzeug.local import LocalProxy


def current_request() -> Request:
    """Return the request that this thread is answering.

    Raises:
        RuntimeError: It is answering none.
    """
    # Documented, in spite of its name.
    return cast("LocalProxy[Request]", request)._get_current_object()  # noqa: SLF001


def own_port() -> int | None:
    """Return the port at which the request that is being answered came in; None if it has none."""
    port = current_request().environ.get("SERVER_PORT", "")
    return int(port) if port.isdigit() else None
