"""Finds out which app a call of Leanplum's API is about, before anybody answers it."""

from __future__ import annotations

import io
from typing import Any

from flask import Request

from mockserver.core.errors import PostbacksError
from mockserver.web.arguments import read_arguments


def app_id_of(environ: dict[str, Any]) -> str | None:
    """Return the `appId` of a call; None if it has none that can be read.

    Args:
        environ: The WSGI environment; its body can be read again afterwards.
    """
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    copy = environ | {"wsgi.input": io.BytesIO(body)}
    try:
        app_id = read_arguments(Request(copy)).get("appId")
    except PostbacksError:
        return None
    return app_id if isinstance(app_id, str) else None
