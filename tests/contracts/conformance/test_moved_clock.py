"""Whether a clock went where it was to go, by what the answers say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from contracts.conformance.deviants.deviant_server import (
    FAITHFUL,
    Deviant,
    DeviantServer,
    WsgiApp,
)
from contracts.conformance.moved_clock import check_it_moved
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.subject import Names
from mockserver.core.clock import DEFAULT_START_AT as START_AT
from mockserver.web.shapes import AdvanceAnswer

HOUR = timedelta(hours=1)


def answer(hours: int, made: int = 0, due_in: int | None = None) -> AdvanceAnswer:
    now_at = START_AT + hours * HOUR
    due_at = None if due_in is None else now_at + due_in * HOUR
    return AdvanceAnswer(START_AT, now_at, [], due_at, True, attempts_made=made)


def test_it_went_there() -> None:
    check_it_moved([answer(10)], "10h", None, None)
    check_it_moved([answer(4), answer(10, due_in=1)], "10h", None, None)
    check_it_moved([answer(10)], None, START_AT + 10 * HOUR, None)
    check_it_moved([answer(1, made=1, due_in=1)], None, None, "next")
    check_it_moved([answer(0)], None, None, "next")
    check_it_moved([answer(0)], None, None, "idle")
    check_it_moved([answer(65, made=9)], None, None, "idle")


@pytest.mark.parametrize(
    ("answers", "by", "until"),
    [
        ([answer(9)], "10h", None),
        ([answer(11)], "10h", None),
        ([answer(0, due_in=1)], None, "next"),
        ([answer(0, due_in=1)], None, "idle"),
        ([answer(5, made=3, due_in=1)], None, "idle"),
    ],
)
def test_it_stopped_before(answers: list[AdvanceAnswer], by: str | None, until: str | None) -> None:
    with pytest.raises(Untestable, match="the clock was to move"):
        check_it_moved(answers, by, None, until)


@pytest.mark.parametrize("ways", [{"by": "2h"}, {"until": "next"}, {"until": "idle"}])
def test_a_case_is_told_of_a_clock_that_stays(ways: dict[str, Any]) -> None:
    def stays(app: WsgiApp) -> WsgiApp:
        def call(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            if environ["PATH_INFO"].endswith("/clock/advance"):
                length = int(environ["CONTENT_LENGTH"])
                asked = json.loads(environ["wsgi.input"].read(length)) | {"by": "0s"}
                content = json.dumps({name: asked[name] for name in asked if name != "until"})
                environ["wsgi.input"] = BytesIO(content.encode())
                environ["CONTENT_LENGTH"] = str(len(content))
            return app(environ, start)

        return call

    for deviant in (FAITHFUL, Deviant("stays", "", "The clock stays.", wrap=stays)):
        with DeviantServer(deviant) as fake:
            target = Target(fake, Recorder(), Names())
            target.app.add(target.inbox("503").url)
            target.app.trigger("push.open")
            told = nullcontext() if deviant is FAITHFUL else pytest.raises(Untestable)
            with told:
                target.advance(**ways)
