"""Sends the head and half of the body, then nothing more."""

from __future__ import annotations

from mockserver.core.errors import InvalidBehaviour
from mockserver.core.wording import count
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Fault, Status, check_has_body
from mockserver.receiver.faults.checks import Bench, Check, expect

_BODY = "the second half of this is never sent"


class Stall(Fault, frozen=True, tag="stall"):
    """Send the head and half of the body, then keep the connection open and silent.

    The 30 seconds of an attempt end with the head, so if that comes in time this counts as an
    answer with its status, although the body is never finished.
    """

    FORMS = ("stall",)
    DOCS = (DocLine("`stall`", "the head and half of the body, then silence"),)

    status: Status = 200
    body: str = _BODY

    def check(self) -> None:
        super().check()
        check_has_body(self.status)
        if not self.body:
            raise InvalidBehaviour("a stall stops in the middle of a body, so it needs one")

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return self.around(http_answer(self.status, self.body.encode(), method, connection))

    @property
    def leaves_answer(self) -> bool:
        return (self.status, self.body) == (200, _BODY)

    def around(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        half = answer.body[: len(answer.body) // 2]
        return answer._replace(body=half, end=None, is_finished=not answer.body)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("stall", _sees_half),)


def _sees_half(bench: Bench) -> str:
    with bench.client("stall") as client:
        seen = bench.post(client, 0.2)
        expect(seen.status == 200 and seen.ending == "silent", "a head, then silence", seen)
        expect(0 < len(seen.body) < len(Stall().body), "half of the body", seen)
        expect(bench.ends() == [None], "the request in the journal, under way", bench.ends())
    return f"silent after {count(len(seen.body), 'byte')} of the body, more were announced"
