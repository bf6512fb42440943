"""Makes the app of a test from what its marker says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast, get_args

from mockserver.core.errors import InvalidValue
from mockserver.core.models import EXAMPLE_APP_ID, App, ParametersEncoding
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy


def make_app(app_id: str | None, retry_on: Iterable[str] | None, parameters_encoding: str) -> App:
    """Return an app with the keys of the documentation's examples.

    Args:
        app_id: None for the one of the documentation's examples.
        retry_on: What is retried, e.g. `{"5xx", "timeout"}`; None for the usual.
        parameters_encoding: `once` or `twice`.

    Raises:
        InvalidValue: `app_id` is empty, or there is no such encoding or reason for a retry.
    """
    if app_id is not None and not app_id:
        raise InvalidValue("app_id is empty; leave it out for the documentation's example")
    retry = DEFAULT_RETRY_POLICY
    if retry_on is not None:
        retry = RetryPolicy(retry_on=frozenset(retry_on))
    return App(
        EXAMPLE_APP_ID if app_id is None else app_id,
        retry=retry,
        parameters_encoding=_encoding(parameters_encoding),
    )


def _encoding(name: str) -> ParametersEncoding:
    for known in get_args(ParametersEncoding):
        if name == known:
            return cast(ParametersEncoding, known)
    raise InvalidValue(f"parameters_encoding is 'once' or 'twice', got {name!r}")
