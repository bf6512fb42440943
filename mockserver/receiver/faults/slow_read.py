"""Takes a request up only after a while, and reads nothing more until then."""

from __future__ import annotations

from mockserver.core.errors import InvalidBehaviour
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Duration, Fault, Status
from mockserver.receiver.faults.checks import Bench, Check, expect


class SlowRead(Fault, frozen=True, tag="slow-read"):
    """Take the request up after a while, read nothing more until then, and answer.

    A postback is one request without a body, so an attempt cannot tell it from a delayed
    answer: `slow-read@10s` and `200@10s` take the same time. What differs is the connection.
    Meanwhile nothing is read from it: a request that comes behind this one is recorded only
    afterwards, a client that goes away is noticed only afterwards, and one that sends more than
    the buffers of the system hold has to wait. The request itself has been read, because it says
    which inbox it is for; the journal shows it from its arrival on. What came in one piece with
    it has been read, too.
    """

    FORMS = ("slow-read",)
    DOCS = (DocLine("`slow-read@10s`", "nothing more is read for 10 seconds, then answered 200"),)

    delay: Duration = 10.0
    status: Status = 200

    def check(self) -> None:
        super().check()
        if not self.delay_time:
            raise InvalidBehaviour("a slow read takes some time; its delay cannot be 0")

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return self.around(http_answer(self.status, b"", method, connection))

    @property
    def leaves_answer(self) -> bool:
        return self.status == 200

    def around(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        return answer._replace(reads_on=False)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("slow-read", _sees_nothing_read),)


def _sees_nothing_read(bench: Bench) -> str:
    with bench.client("slow-read@250ms,200") as client:
        first = bench.post(client, 0.05)
        expect(first.ending == "silent" and not first.data, "silence", first)
        second = bench.post(client, 0.05)
        expect(second.ending == "silent" and not second.data, "silence", second)
        expect(bench.ends() == [None], "one request in the journal, under way", bench.ends())
        answers = client.exchange(b"").data
        # Both may have come in one piece.
        if answers.count(b"HTTP/1.1 200") < 2:
            answers += client.exchange(b"").data
    expect(answers.count(b"HTTP/1.1 200") == 2, "200 twice", answers)
    return "a second request was not read before the first was answered"
