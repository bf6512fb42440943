"""Answers with the envelope of an error, as Leanplum's API writes it."""

from __future__ import annotations

import json
import re
from typing import Any

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.base import DocLine, Fault, Status, check_has_body
from mockserver.receiver.faults.checks import Bench, Check, expect


class ErrorEnvelope(Fault, frozen=True, tag="error"):
    """Answer with the envelope of an error of Leanplum's API, with a text of one's own."""

    FORMS = ("error:TEXT", "error:STATUS TEXT")
    DOCS = (
        DocLine(
            "`error:Invalid app`, `error:408 Too Many Requests.`",
            "an error as Leanplum's API writes it, with this text; 400 if no status is told",
        ),
    )
    TAKES_COMMAS = True

    message: str = "Something went wrong"
    status: Status = 400

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        if word != cls.tag() or not argument:
            return None
        told = re.fullmatch(r"(\d{3}) (.+)", argument, re.ASCII | re.DOTALL)
        return {"message": argument} if told is None else _told(told[1], told[2])

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:{self.status} {self.message}"

    def check(self) -> None:
        super().check()
        check_has_body(self.status)
        # Half of a surrogate pair cannot be sent.
        self.message.encode()

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        headers = (("Content-Type", "application/json"),)
        envelope = {"response": [{"success": False, "error": {"message": self.message}}]}
        body = json.dumps(envelope).encode()
        return http_answer(self.status, body, method, connection, headers=headers)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("error", _sees_envelope),)


def _told(status: str, message: str) -> dict[str, Any]:
    return {"status": int(status), "message": message}


def _sees_envelope(bench: Bench) -> str:
    (seen,) = bench.seen("error:408 Too Many Requests.")
    expect(seen.status == 408 and b'"message": "Too Many Requests."' in seen.data, "it", seen)
    return "408 with an error envelope"
