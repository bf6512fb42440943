"""Takes the request and never answers."""

from __future__ import annotations

from mockserver.core.errors import InvalidBehaviour
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import DocLine, Fault
from mockserver.receiver.faults.checks import Bench, Check, expect


class Hang(Fault, frozen=True, tag="hang"):
    """Take the request and never answer."""

    FORMS = ("hang",)
    DOCS = (DocLine("`hang`", "the request is taken and never answered"),)

    def check(self) -> None:
        super().check()
        if self.delay_time:
            raise InvalidBehaviour("a hang never ends, so it cannot be delayed")

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return ReceiverAnswer(0, b"", b"", None)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("hang", _sees_silence),)


def _sees_silence(bench: Bench) -> str:
    with bench.client("hang") as client:
        seen = bench.post(client, 0.2)
        expect(seen.ending == "silent" and not seen.data, "silence", seen)
        expect(bench.ends() == [None], "the request in the journal, under way", bench.ends())
        bench.reset()
        after = client.exchange(b"", 1.0)
    expect(after.ending in ("closed", "reset"), "the connection to be ended by a reset", after)
    return "silent, in the journal meanwhile, and ended by a reset of the receiver"
