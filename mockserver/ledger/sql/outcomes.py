"""Encodes an outcome as the columns that have something to say, and decodes it from them.

Columns without a value are left out of the statement: the driver spends several times as long on
a None as on a number, and most attempts would have five.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.sql.codec import (
    decode_headers,
    duration_from_microseconds,
    duration_to_microseconds,
    encode_headers,
    encode_line,
)

_KINDS = {kind.value: kind for kind in OutcomeKind}
_ALWAYS = ("kind", "elapsed", "elapsed_real_seconds")

# Servers repeat themselves, so most headers were written or read before; few are remembered,
# because each may be large.
_encode_headers = lru_cache(maxsize=16)(encode_headers)
_decode_headers = lru_cache(maxsize=16)(decode_headers)

#: The order in which `decode_outcome` takes them.
OUTCOME_COLUMNS = (
    "kind",
    "elapsed",
    "elapsed_real_seconds",
    "status",
    "error",
    "request_id",
    "headers",
    "body",
)


class EncodedOutcome(NamedTuple):
    """The columns an outcome fills, and their values.

    Attributes:
        elapsed: How long it took in sandbox time, in microseconds.
    """

    columns: tuple[str, ...]
    values: tuple[Any, ...]
    elapsed: int


def encode_outcome(outcome: Outcome) -> EncodedOutcome:
    """Return what is stored of `outcome`."""
    elapsed = duration_to_microseconds(outcome.elapsed)
    status, error, request_id, headers, body = (
        outcome.status,
        outcome.error,
        outcome.request_id,
        outcome.headers,
        outcome.body,
    )
    columns: tuple[str, ...] = _ALWAYS
    values: tuple[Any, ...] = (outcome.kind.value, elapsed, outcome.elapsed_real_seconds)
    if status is not None:
        columns, values = (*columns, "status"), (*values, status)
    if error is not None:
        columns, values = (*columns, "error"), (*values, encode_line(error))
    if request_id is not None:
        columns, values = (*columns, "request_id"), (*values, request_id)
    if headers:
        columns, values = (*columns, "headers"), (*values, _encode_headers(headers))
    if body:
        columns, values = (*columns, "body"), (*values, body)
    return EncodedOutcome(columns, values, elapsed)


def decode_outcome(
    kind: str,
    elapsed: int,
    elapsed_real_seconds: float,
    status: int | None,
    error: str | None,
    request_id: int | None,
    headers: str | None,
    body: bytes | None,
) -> Outcome:
    """Return the outcome of which `encode_outcome` stored these columns."""
    return Outcome(
        kind=_KINDS[kind],
        elapsed=duration_from_microseconds(elapsed),
        elapsed_real_seconds=elapsed_real_seconds,
        status=status,
        headers=_decode_headers(headers) if headers else (),
        body=body or b"",
        error=error,
        request_id=request_id,
    )
