"""A short run of the fuzzer, and that it would notice."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from tests.fuzz import run
from tests.fuzz.inputs import Input, input_of
from tests.fuzz.run import Failure, Result, _reason, attack, complaints
from tests.fuzz.served import Look, Target, target

LOOK = Look(20, 30, 80)


def test_nothing_that_a_client_sends_breaks_a_sandbox() -> None:
    with target() as attacked:
        result = attack(attacked, 1, range(800))
    assert complaints(result) == []
    assert result.connections == 800


def test_a_seed_is_worth_a_run() -> None:
    assert [input_of(7, number) for number in range(50)] == [input_of(7, n) for n in range(50)]
    assert input_of(7, 1) != input_of(8, 1)
    sent = [input_of(7, number) for number in range(200)]
    assert {given.to_receiver for given in sent} == {True, False}


class Server:
    """Answers every connection in one way, and then leaves it open or not."""

    def __init__(self, pieces: list[bytes], pause: float, *, ends: bool) -> None:
        self._pieces, self._pause, self._ends = pieces, pause, ends

    async def reason(self) -> str | None:
        self._given_up = asyncio.Event()
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            attacked = SimpleNamespace(api_port=port, receiver_port=port)
            said = await _reason(
                cast("Target", attacked), Input(False, [b"GET / HTTP/1.1\r\n\r\n"])
            )
            self._given_up.set()
            await asyncio.sleep(0.05)
            return said

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for piece in self._pieces:
                writer.write(piece)
                await asyncio.sleep(self._pause)
            if not self._ends:
                # Until the client has given it up.
                while await reader.read(100):
                    pass
                await self._given_up.wait()
        finally:
            writer.transport.abort()


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (Server([b"HTTP/1.1 200 OK\r\n\r\n"], 0, ends=True), None),
        # As long as something comes, it is work and no hang.
        (Server([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 9], 0.1, ends=True), None),
        (Server([b"HTTP/1.1 200 OK\r\n\r\n"], 0, ends=False), "nothing came for 0.4 s"),
        (Server([], 0, ends=False), "nothing came for 0.4 s"),
        (Server([b"HTTP/1.1 500 No\r\n\r\n"], 0, ends=True), "answered b'HTTP/1.1 500 No"),
    ],
)
def test_what_hangs_and_what_takes_long(
    server: Server, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "HANG_REAL_SECONDS", 0.4)
    said = asyncio.run(server.reason())
    assert said is None if reason is None else str(said).startswith(reason)


def test_it_tells_what_fell_and_how_to_see_it_again() -> None:
    failure = Failure(3, 5, "answered b'HTTP/1.1 500 '", Input(False, [b"GET / HTTP/1.1\r\n"]))
    said = complaints(Result(9, [failure], LOOK, Look(20, 400, 300)))
    assert "python -m tests.fuzz --seed 3 --only 5" in said[0]
    assert "GET / HTTP/1.1" in said[0]
    assert said[1:] == ["descriptors grew from 30 to 400", "memory grew from 80 to 300"]
