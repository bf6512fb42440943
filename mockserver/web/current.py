"""Gives views the request that is being answered: itself, not Flask's proxy of it.

The proxy looks for the request anew at each attribute that is read. A call of the API reads
some twenty.
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
