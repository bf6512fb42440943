"""A scenario as a test: `leanplum.play(path)`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mockserver.core.errors import InvalidScenario
from mockserver.testing import Leanplum

LINE = '{"event": "email.click", "values": {"user_id": "ada"}, "expect": "%s"}\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "it.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("script", "expect"), [("503*9,200", "delivered"), ("404", "rejected"), ("503", "lost")]
)
def test_what_is_expected_is_no_problem_of_the_test(
    tmp_path: Path, script: str, expect: str
) -> None:
    path = written(tmp_path, LINE % expect + '{"at": "idle"}')
    with Leanplum() as leanplum:
        inbox = leanplum.inbox()
        inbox.behave(script)
        leanplum.add_postback(inbox.url)
        played = leanplum.play(path)
        assert leanplum.problems() == []
        assert len(leanplum.triggered) == 1
    assert (played.events, played.deliveries) == (1, 1)


def test_what_is_not_met_fails_with_every_difference(tmp_path: Path) -> None:
    path = written(tmp_path, LINE % "delivered" + LINE % "lost" + LINE % "rejected")
    with Leanplum() as leanplum:
        inbox = leanplum.inbox()
        inbox.behave("404")
        leanplum.add_postback(inbox.url)
        with pytest.raises(AssertionError) as caught:
            leanplum.play(str(path))
        # Two of them nobody has expected.
        assert len(leanplum.problems()) == 2
    assert str(caught.value).splitlines() == [
        f"{path}: 2 of 3 expectations not met",
        "  line 1: email.click of ada: expected delivered; delivery 1 is rejected (its attempt: "
        "404)",
        "  line 2: email.click of ada: expected lost; delivery 2 is rejected (its attempt: 404)",
    ]


def test_the_offsets_are_those_of_the_clock_of_the_test(tmp_path: Path) -> None:
    text = '{"event": "email.click", "at": "1h"}\n{"event": "email.click", "at": "3h"}\n{"at":"9h"}'
    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url)
        leanplum.advance(hours=5)
        begun_at = leanplum.now()
        leanplum.play(written(tmp_path, text), times=2)
        offsets = [
            (each.created_at - begun_at).total_seconds() / 3600 for each in leanplum.deliveries
        ]
        assert offsets == [1, 3, 10, 12]
        assert (leanplum.now() - begun_at).total_seconds() == 18 * 3600


def test_a_mistake_is_said_before_anything_happens(tmp_path: Path) -> None:
    with Leanplum() as leanplum:
        with pytest.raises(InvalidScenario, match=r"it\.jsonl:2: .*did you mean 'event'"):
            leanplum.play(written(tmp_path, LINE % "lost" + '{"evnt": 1}'))
        with pytest.raises(InvalidScenario, match="cannot be read"):
            leanplum.play(tmp_path / "nowhere")
        assert leanplum.triggered == []


def test_it_can_be_awaited(tmp_path: Path) -> None:
    async def application(scope: object, receive: object, send: object) -> None:
        lock = asyncio.Lock()
        async with lock:
            await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
            await send({"type": "http.response.body"})  # type: ignore[operator]

    async def test() -> None:
        with Leanplum() as leanplum:
            leanplum.partner("https://shop.example/", application)
            leanplum.add_postback("https://shop.example/in")
            played = await leanplum.aio.play(written(tmp_path, LINE % "delivered"))
            assert not played.unmet

    asyncio.run(test())
