"""Declares a longer body than it sends, then closes."""

from __future__ import annotations

from mockserver.core.wording import count
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Fault, Status, check_has_body
from mockserver.receiver.faults.checks import Bench, Check, expect

#: How many bytes of the body that was announced never come.
_MISSING = 100


_BODY = "cut off"


class Truncated(Fault, frozen=True, tag="truncated"):
    """Declare a longer body than is sent, then close."""

    FORMS = ("truncated",)
    DOCS = (DocLine("`truncated`", "a body shorter than announced"),)

    status: Status = 200
    body: str = _BODY

    def check(self) -> None:
        super().check()
        check_has_body(self.status)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        body = self.body.encode()
        whole = http_answer(self.status, body, method, connection, announced=len(body) + _MISSING)
        return whole._replace(end="closed")

    @property
    def leaves_answer(self) -> bool:
        return (self.status, self.body) == (200, _BODY)

    def around(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        half = answer.body[: len(answer.body) // 2]
        return answer._replace(body=half, end="closed", is_finished=not answer.body)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("truncated", _sees_early_end),)


def _sees_early_end(bench: Bench) -> str:
    (seen,) = bench.seen("truncated")
    expect(seen.status == 200 and seen.ending == "closed", "an end before the body's", seen)
    return f"closed after {count(len(seen.body), 'byte')} of the body, more were announced"
