"""Answers that the endpoint is elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Fault, check_headers
from mockserver.receiver.faults.checks import Bench, Check, expect


class Redirect(Fault, frozen=True, tag="redirect"):
    """Answer that the endpoint is elsewhere."""

    FORMS = ("redirect:URL",)
    DOCS = (DocLine("`redirect:URL`", "an answer that it is elsewhere"),)
    TAKES_COMMAS = True

    location: str
    status: Annotated[int, Meta(ge=300, le=399)] = 302

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        return {"location": argument} if word == cls.tag() and argument else None

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:{self.location}"

    def check(self) -> None:
        super().check()
        check_headers((("Location", self.location),))

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        headers = (("Location", self.location),)
        return http_answer(self.status, b"", method, connection, headers=headers)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("redirect", _sees_location),)


def _sees_location(bench: Bench) -> str:
    (seen,) = bench.seen("redirect:https://example.com/there")
    expect(seen.status == 302 and b"https://example.com/there" in seen.data, "a 302", seen)
    return "302 with its Location"
