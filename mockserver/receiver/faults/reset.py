"""Resets the connection instead of answering."""

from __future__ import annotations

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import DocLine, Fault
from mockserver.receiver.faults.checks import Bench, Check, expect


class Reset(Fault, frozen=True, tag="reset"):
    """Reset the connection (TCP RST) instead of answering."""

    FORMS = ("reset",)
    DOCS = (DocLine("`reset`", "the connection is reset (TCP RST)"),)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        error = "the connection was reset before an answer"
        return ReceiverAnswer(0, b"", b"", "reset", error=error)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("reset", _sees_reset),)


def _sees_reset(bench: Bench) -> str:
    (seen,) = bench.seen("reset")
    expect(seen.ending == "reset" and not seen.data, "a TCP reset", seen)
    return "ECONNRESET, no byte"
