"""Sends the inputs, many at a time, and says which of them was not taken as it should be.

Nothing may be answered with a fault of the server. Every connection has an end. Then the sandbox
has no more threads, descriptors or memory than after the first part of the run, and still answers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

from tests.fuzz.inputs import Input, input_of
from tests.fuzz.served import Look, Target

_Step = TypeVar("_Step")

AT_A_TIME = 60
#: After so long without a byte nothing more is sent, and the other side has to end it.
SILENCE_REAL_SECONDS = 0.1
#: A connection on which nothing happens for so long hangs. Who has asked for a thousand listings at
#: once gets them all, which may take longer on a busy machine.
HANG_REAL_SECONDS = 20.0
#: Versions and transfer encodings that are not spoken may be answered so; nothing else of 5xx.
_FAULT = re.compile(rb"HTTP/1\.[01] 5(?!01 |05 )\d\d ")
#: Inboxes answer 5xx where they were told to; what the receiver itself says is a problem document.
_OF_RECEIVER = re.compile(_FAULT.pattern + rb"[^\r]*\r\nContent-Type: application/problem\+json")
#: How much more there may be: what still ends, what the bounded caches come to, above all the feed
#: of 10,000 happenings, and what the allocator keeps of large answers. It goes up and down: after
#: 30,000 connections 133 MiB, after 45,000 86, after 200,000 175.
MORE_THREADS = 4
MORE_DESCRIPTORS = 20
MORE_MEMORY = 160


class Failure(NamedTuple):
    """One input that was not taken as it should be."""

    seed: int
    number: int
    reason: str
    input: Input

    def __str__(self) -> str:
        port = "receiver" if self.input.to_receiver else "API"
        sent = repr(self.input.pieces)
        return (
            f"seed {self.seed}, connection {self.number}, to the {port}: {self.reason}\n"
            f"again: python -m tests.fuzz --seed {self.seed} --only {self.number}\n{sent[:3000]}"
        )


class Result(NamedTuple):
    """What came of a run."""

    connections: int
    failures: list[Failure]
    before: Look = Look(0, 0, 0)
    after: Look = Look(0, 0, 0)


def attack(
    target: Target,
    seed: int,
    numbers: range,
    until_real_seconds: float = float("inf"),
    progress: Callable[[int], None] = lambda done: None,
) -> Result:
    """Send the inputs with these numbers, until time is up or several have failed."""
    failures: list[Failure] = []
    done, before = 0, target.look()
    step = max(100, min(2_000, len(numbers) // 10))
    for start in range(numbers.start, numbers.stop, step):
        if time.monotonic() > until_real_seconds or len(failures) >= 5:
            break
        part = range(start, min(start + step, numbers.stop))
        failures += asyncio.run(_send_all(target, seed, part))
        done += len(part)
        progress(done)
        try:
            if start == numbers.start:
                before = _at_rest(target)
            elif not asyncio.run(_answers(target)):
                raise ConnectionError("no 200")
        except OSError as error:
            reason = f"the sandbox no longer answers behind this one or some before it: {error}"
            if target.exit_code() is not None:
                reason = f"the sandbox has ended with {target.exit_code()}"
            last = part.stop - 1
            return Result(done, [*failures, Failure(seed, last, reason, input_of(seed, last))])
    return Result(done, failures, before, _at_rest(target))


def complaints(result: Result) -> list[str]:
    """Return in words what is wrong."""
    said = [str(failure) for failure in result.failures]
    limits = Look(MORE_THREADS, MORE_DESCRIPTORS, MORE_MEMORY)
    for name, before, after, more in zip(
        Look._fields, result.before, result.after, limits, strict=True
    ):
        if after > before + more:
            said.append(f"{name} grew from {before} to {after}")
    return said


def _at_rest(target: Target) -> Look:
    """Return what the sandbox has when it has been emptied and every connection is gone."""
    if not asyncio.run(_answers(target)):
        raise ConnectionError("no 200")
    # What lingers is cut after two seconds, and workers that are not needed end then.
    look = target.look()
    quiet = 0
    for _ in range(100):
        if quiet >= 25:
            break
        time.sleep(0.1)
        look, earlier = target.look(), look
        quiet = 0 if look[:2] < earlier[:2] else quiet + 1
    return look


async def _answers(target: Target) -> bool:
    body = b"{}"
    head = "POST /_sandbox/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    reset = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    answers = [
        await _exchange(target.api_port, [reset]),
        await _exchange(
            target.receiver_port, [b"GET /inbox/z HTTP/1.1\r\nHost: localhost\r\n\r\n"]
        ),
    ]
    return all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


async def _send_all(target: Target, seed: int, numbers: range) -> list[Failure]:
    left = iter(numbers)
    failures: list[Failure] = []

    async def send_some() -> None:
        for number in left:
            given = input_of(seed, number)
            reason = await _reason(target, given)
            if reason:
                failures.append(Failure(seed, number, reason, given))

    await asyncio.gather(*(send_some() for _ in range(AT_A_TIME)))
    return failures


async def _reason(target: Target, given: Input) -> str | None:
    port = target.receiver_port if given.to_receiver else target.api_port
    try:
        answer = await _exchange(port, given.pieces)
    except Hung:
        return f"nothing came for {HANG_REAL_SECONDS:g} s, and it did not end"
    except OSError as error:
        return f"no connection: {error}"
    fault = (_OF_RECEIVER if given.to_receiver else _FAULT).search(answer)
    return f"answered {answer[fault.start() :][:300]!r}" if fault else None


async def _exchange(port: int, pieces: list[bytes]) -> bytes:
    """Return all that is answered; the other side has to end the connection after ours has.

    Raises:
        Hung: Nothing happens any more.
    """
    reader, writer = await _soon(asyncio.open_connection("127.0.0.1", port))
    received = bytearray()
    ended = False
    try:
        # Refused in the middle, it is reset; to say then that no more comes is an error as well.
        with suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await _soon(writer.drain())
                await asyncio.sleep(0)
            while not ended and len(received) < 3_000_000:
                try:
                    async with asyncio.timeout(SILENCE_REAL_SECONDS):
                        data = await reader.read(65536)
                except TimeoutError:
                    break
                received += data
                ended = not data
            if not ended:
                writer.write_eof()
                while data := await _soon(reader.read(65536)):
                    if len(received) < 3_000_000:
                        received += data
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return bytes(received)


async def _soon(step: Awaitable[_Step]) -> _Step:
    """Return what a step of an exchange gives, if it comes."""
    try:
        async with asyncio.timeout(HANG_REAL_SECONDS):
            return await step
    except TimeoutError:
        raise Hung from None


class Hung(Exception):
    """Nothing happens any more. No error of the system, which would be an end."""
