"""Encodes an outcome as the columns that have something to say, and decodes it from them.

Columns without a value are left out of the statement: the driver spends several times as long on
a None as on a number, and most attempts would have five.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.ledger.sql.codec import (
    decode_headers,
    duration_from_microseconds,
    duration_to_microseconds,
    encode_headers,
    encode_line,
)

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
    """The columns an outcome fills, and their values."""

    columns: tuple[str, ...]
    values: tuple[Any, ...]


def encode_outcome(outcome: Outcome) -> EncodedOutcome:
    """Return what is stored of `outcome`."""
    columns = ["kind", "elapsed", "elapsed_real_seconds"]
    values: list[Any] = [
        outcome.kind.value,
        duration_to_microseconds(outcome.elapsed),
        outcome.elapsed_real_seconds,
    ]
    if outcome.status is not None:
        columns.append("status")
        values.append(outcome.status)
    if outcome.error is not None:
        columns.append("error")
        values.append(encode_line(outcome.error))
    if outcome.request_id is not None:
        columns.append("request_id")
        values.append(outcome.request_id)
    if outcome.headers:
        columns.append("headers")
        values.append(encode_headers(outcome.headers))
    if outcome.body:
        columns.append("body")
        values.append(outcome.body)
    return EncodedOutcome(tuple(columns), tuple(values))


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
        kind=OutcomeKind(kind),
        elapsed=duration_from_microseconds(elapsed),
        elapsed_real_seconds=elapsed_real_seconds,
        status=status,
        headers=decode_headers(headers) if headers else (),
        body=body or b"",
        error=error,
        request_id=request_id,
    )
