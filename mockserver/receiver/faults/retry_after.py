"""Answers that there are too many requests, and when to come again."""

from __future__ import annotations

import re
from typing import Annotated, Any

from msgspec import Meta

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Fault, Status
from mockserver.receiver.faults.checks import Bench, Check, expect


class RetryAfter(Fault, frozen=True, tag="retry-after"):
    """Answer 429 (or another status) with the header field Retry-After."""

    FORMS = ("retry-after:SECONDS",)
    DOCS = (DocLine("`retry-after:60`", "429, with Retry-After: 60"),)

    seconds: Annotated[int, Meta(ge=0, le=999_999_999)] = 60
    status: Status = 429

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        is_number = re.fullmatch(r"\d{1,9}", argument, re.ASCII)
        return {"seconds": int(argument)} if word == cls.tag() and is_number else None

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:{self.seconds}"

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        headers = (("Retry-After", str(self.seconds)),)
        return http_answer(self.status, b"", method, connection, headers=headers)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("retry-after", _sees_when),)


def _sees_when(bench: Bench) -> str:
    (seen,) = bench.seen("retry-after:7")
    expect(seen.status == 429 and b"Retry-After: 7\r\n" in seen.data, "a 429 and when", seen)
    return "429 with Retry-After: 7"
