"""Closes the connection without sending a byte."""

from __future__ import annotations

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import DocLine, Fault
from mockserver.receiver.faults.checks import Bench, Check, expect


class Close(Fault, frozen=True, tag="close"):
    """Close the connection without sending a byte."""

    FORMS = ("close",)
    DOCS = (DocLine("`close`", "the connection is closed without a byte"),)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        error = "the connection was closed without an answer"
        return ReceiverAnswer(0, b"", b"", "closed", error=error)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("close", _sees_end),)


def _sees_end(bench: Bench) -> str:
    (seen,) = bench.seen("close")
    expect(seen.ending == "closed" and not seen.data, "the end of the stream", seen)
    return "end of stream, no byte"
