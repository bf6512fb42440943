"""Answers with a page of HTML, as a proxy, a firewall or a login page does."""

from __future__ import annotations

import re
from typing import Any

from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer, phrase
from mockserver.receiver.faults.base import DocLine, Fault, Status, check_has_body
from mockserver.receiver.faults.checks import Bench, Check, expect


class Html(Fault, frozen=True, tag="html"):
    """Answer with a page of HTML, for whoever expects something else."""

    FORMS = ("html", "html:STATUS")
    DOCS = (
        DocLine(
            "`html`, `html:200`", "a page of HTML, as from a proxy on the way; 502 if not told"
        ),
    )

    status: Status = 502
    body: str = ""

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        if word != cls.tag() or not re.fullmatch(r"(\d{1,9})?", argument, re.ASCII):
            return None
        return {"status": int(argument)} if argument else {}

    @property
    def shorthand(self) -> str:
        return f"{self.tag()}:{self.status}"

    def check(self) -> None:
        super().check()
        check_has_body(self.status)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        headers = (("Content-Type", "text/html; charset=utf-8"),)
        page = (self.body or _page(self.status)).encode()
        return http_answer(self.status, page, method, connection, headers=headers)

    @staticmethod
    def checks() -> tuple[Check, ...]:
        return (Check("html", _sees_page),)


def _page(status: int) -> str:
    title = f"{status} {phrase(status)}"
    return (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n"
        f"<body><h1>{title}</h1></body></html>\n"
    )


def _sees_page(bench: Bench) -> str:
    (seen,) = bench.seen("html")
    expect(seen.status == 502 and seen.body.startswith(b"<!DOCTYPE html>"), "a page", seen)
    return "502 with a page of HTML"
