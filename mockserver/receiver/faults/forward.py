"""Forwards the request to an endpoint of one's own, and answers as that does."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from mockserver.core.forward_target import forward_target
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import DocLine, Fault
from mockserver.receiver.faults.checks import Bench, Check, expect


class Forward(Fault, frozen=True, tag="forward"):
    """Forward the request to an endpoint of one's own, and answer as that does.

    Method, header fields and body go on as they came, and what stands behind the name of the
    inbox, its query included, is added to the URL. Only what is about one connection is left out
    or changed: the host, the framing, `Connection`. Both sides are recorded. An endpoint that
    cannot be reached is a reset, one that gives no answer in 30 seconds a hang. The delay comes on
    top: the endpoint has the request at once, and its answer is held back.
    """

    FORMS = ("forward:URL",)
    DOCS = (
        DocLine(
            "`forward:http://localhost:5000/hook`",
            "your own endpoint gets the request and its answer goes back; both are recorded",
        ),
    )
    TAKES_COMMAS = True

    url: Annotated[
        str, Meta(description="Without a query: `http://127.0.0.1:5000/hook`; also https.")
    ]

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        return {"url": argument} if word == cls.tag() and argument else None

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:{self.url}"

    @property
    def forwards_to(self) -> str:
        return self.url

    def check(self) -> None:
        super().check()
        forward_target(self.url)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        raise AssertionError("the endpoint answers, see `receiver.forwarding_exchange`")

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return Check("forward", _sees_both_sides), Check("forward (dead)", _sees_reset)


def _sees_both_sides(bench: Bench) -> str:
    answer = b"HTTP/1.1 418 Here\r\nX-Own: yes\r\nContent-Length: 2\r\n\r\nhi"
    with bench.endpoint(answer) as (url, got):
        (seen,) = bench.seen(f"forward:{url}hook")
    arrived = b"".join(got)
    expect(arrived.startswith(b"POST /hook HTTP/1.1\r\n"), "a POST at the endpoint", arrived)
    expect(seen.status == 418 and b"X-Own: yes" in seen.data, "the endpoint's 418", seen)
    expect(seen.body == b"hi", "the endpoint's body", seen)
    return "POST arrived at the endpoint, and its 418 came back"


def _sees_reset(bench: Bench) -> str:
    with bench.endpoint(b"") as (url, _):
        pass
    (seen,) = bench.seen(f"forward:{url}")
    expect(seen.ending == "reset" and not seen.data, "a TCP reset", seen)
    return "ECONNRESET, no byte, where nobody listens"
