"""Sends the head or the body of an answer one byte at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import (
    DocLine,
    Duration,
    Fault,
    Status,
    as_timedelta,
    check_has_body,
)
from mockserver.receiver.faults.checks import Bench, Check, expect

_BODY = "drip"


class Drip(Fault, frozen=True, tag="drip"):
    """Send the head or the body one byte at a time."""

    FORMS = ("drip", "drip:body")
    DOCS = (
        DocLine(
            "`drip`, `drip:body`",
            "the head, or the body, byte by byte, one a second (`drip@100ms`)",
        ),
    )
    PAUSE = "interval"

    part: Literal["headers", "body"] = "headers"
    interval: Duration = 1.0
    status: Status = 200
    body: str = _BODY

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        """Return the part that stands behind the colon, or the head."""
        if word != cls.tag() or argument not in ("", "headers", "body"):
            return None
        return {"part": argument or "headers"}

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:body" if self.part == "body" else self.tag()

    @property
    def interval_time(self) -> timedelta:
        """Return the pause before each byte of the part that drips."""
        return as_timedelta(self.interval)

    def check(self) -> None:
        super().check()
        as_timedelta(self.interval)
        if self.part == "body":
            check_has_body(self.status)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return self.around(http_answer(self.status, self.body.encode(), method, connection))

    @property
    def leaves_answer(self) -> bool:
        return (self.status, self.body) == (200, _BODY)

    def around(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        if self.part == "body":
            return answer._replace(body_interval=self.interval_time)
        return answer._replace(head_interval=self.interval_time)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return Check("drip (head)", _sees_head_drip), Check("drip (body)", _sees_body_drip)


def _sees_head_drip(bench: Bench) -> str:
    (seen,) = bench.seen("drip@5ms")
    expect(seen.status == 200 and len(seen.arrivals) > 10, "a head in many pieces", seen)
    return f"the head came in {len(seen.arrivals)} pieces over {seen.real_seconds:.2f} s"


def _sees_body_drip(bench: Bench) -> str:
    (seen,) = bench.seen("drip:body@20ms")
    expect(seen.body == b"drip" and len(seen.arrivals) > 2, "a body in pieces", seen)
    return f"the body came in {len(seen.arrivals) - 1} pieces"
