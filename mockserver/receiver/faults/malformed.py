"""Answers with a status line that is not HTTP."""

from __future__ import annotations

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import DocLine, Fault
from mockserver.receiver.faults.checks import Bench, Check, expect


class Malformed(Fault, frozen=True, tag="malformed"):
    """Answer with a status line that is not HTTP."""

    FORMS = ("malformed",)
    DOCS = (DocLine("`malformed`", "a status line that is not HTTP"),)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        error = "the answer is not HTTP"
        return ReceiverAnswer(0, b"THIS IS NOT HTTP\r\n\r\n", b"", "closed", error=error)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("malformed", _sees_no_http),)


def _sees_no_http(bench: Bench) -> str:
    (seen,) = bench.seen("malformed")
    expect(bool(seen.data) and not seen.data.startswith(b"HTTP"), "a line that is no HTTP", seen)
    return f"{seen.data.splitlines()[0].decode()!r} arrived"
