"""Answers with a status, header fields and a body."""

from __future__ import annotations

import base64
import re
from typing import Any

from mockserver.core.errors import InvalidBehaviour
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import (
    DocLine,
    Fault,
    Status,
    check_has_body,
    check_headers,
)
from mockserver.receiver.faults.checks import Bench, Check, expect


class StatusAnswer(Fault, frozen=True, tag="status"):
    """Answer with a status, header fields and a body."""

    FORMS = ("a status like 503",)
    DOCS = (
        DocLine("`200`, `404`, `503`", "an answer with this status"),
        DocLine("`200@31s`", "the same after 31 seconds"),
    )
    STARTS = r"\d{3}"

    status: Status = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    body_base64: str = ""

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        is_number = re.fullmatch(r"\d{1,9}", word, re.ASCII) and not argument
        return {"status": int(word)} if is_number else None

    @property
    def shorthand(self) -> str:
        return str(self.status)

    def check(self) -> None:
        super().check()
        check_headers(self.headers)
        if self.body and self.body_base64:
            raise InvalidBehaviour("it has both `body` and `body_base64`; give one of them")
        if self._body():
            check_has_body(self.status)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return http_answer(self.status, self._body(), method, connection, headers=self.headers)

    @property
    def leaves_answer(self) -> bool:
        return self.status == 200 and not (self.headers or self.body or self.body_base64)

    def _body(self) -> bytes:
        if not self.body_base64:
            return self.body.encode()
        try:
            return base64.b64decode(self.body_base64, validate=True)
        except ValueError as error:
            raise InvalidBehaviour(f"`body_base64` is no base64: {error}") from None

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return Check("status", _sees_status), Check("delay", _sees_delay)


def _sees_status(bench: Bench) -> str:
    (seen,) = bench.seen("418")
    expect(seen.status == 418, "status 418", seen)
    return "status 418 arrived"


def _sees_delay(bench: Bench) -> str:
    (seen,) = bench.seen("200@150ms")
    expect(seen.status == 200 and 0.14 < seen.real_seconds < 1.5, "200 after 0.15 s", seen)
    return f"answered after {seen.real_seconds:.2f} s"
