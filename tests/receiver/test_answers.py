"""An answer is one value: whatever it says, every receiver makes the same of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from mockserver import SocketOptions
from mockserver.net.raw_client import RawClient
from mockserver.receiver import rendered
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer, http_answer
from mockserver.receiver.faults.status import StatusAnswer
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.server import Receiver
from tests.receiver.faults.test_every_fault import result_of

SECOND = timedelta(seconds=1)
NINE = timedelta(seconds=9)
GARBAGE = b"\0\xff garbage\r\n\r\n"

#: What a fault may set of an answer, in every combination.
CHANGES: list[dict[str, Any]] = [
    {"end": end, "surplus": surplus} | announced | pauses
    for end, surplus, announced, pauses in product(
        ("answered", "closed", "reset", None),
        (b"", GARBAGE),
        ({}, {"announced": 100}),
        ({}, {"head_interval": SECOND / 10}, {"body_interval": SECOND}, {"body_interval": NINE}),
    )
    # With more announced than is sent, garbage would belong to the body.
    if not (announced and (surplus or end == "answered"))
]  # fmt: skip


def changed(
    changes: dict[str, Any], method: str = "POST", connection: ConnectionField = ""
) -> ReceiverAnswer:
    kept = dict(changes)
    whole = http_answer(200, b"body", method, connection, announced=kept.pop("announced", None))
    return whole._replace(**kept)


@pytest.fixture(params=CHANGES, ids=repr)
def answer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let every inbox answer so, as if there were a fault that does."""

    def render(_: StatusAnswer, method: str, connection: ConnectionField) -> ReceiverAnswer:
        return changed(request.param, method, connection)

    monkeypatch.setattr(StatusAnswer, "answer", render)
    for cached in (rendered._remembered, rendered._remembered_plain):
        cached.cache_clear()
    yield changed(request.param)
    for cached in (rendered._remembered, rendered._remembered_plain):
        cached.cache_clear()


def test_every_receiver_agrees_on_what_becomes_of_an_attempt(answer: ReceiverAnswer) -> None:
    alone = result_of("200")
    assert result_of("200", SocketOptions()) == alone
    is_cut = answer.body_interval == NINE
    assert alone.body == (b"bod" if is_cut else b"body")
    assert alone.error == ("unfinished" if is_cut or not answer.is_finished else None)


@pytest.mark.parametrize("changes", CHANGES, ids=repr)
def test_its_pieces_are_everything_that_is_sent(changes: dict[str, Any]) -> None:
    answer = changed(changes)
    assert b"".join(piece for _, piece in answer.pieces()) == answer.everything
    assert answer.size == len(answer.everything)
    assert answer.everything == answer.head + answer.body + answer.surplus


@pytest.mark.parametrize("end", ["answered", "closed", None])
@pytest.mark.parametrize("pauses", [{}, {"body_interval": SECOND / 100}], ids=repr)
@pytest.mark.parametrize("answer", [{"surplus": GARBAGE}], ids=repr, indirect=True)
def test_a_foreign_client_gets_everything(
    answer: ReceiverAnswer, end: Any, pauses: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answer._replace(end=end, **pauses)
    monkeypatch.setattr(StatusAnswer, "answer", lambda *_: sent)
    inboxes = Inboxes()
    receiver = Receiver(inboxes)
    receiver.start()
    try:
        with RawClient("127.0.0.1", receiver.port) as client:
            data = client.post("/inbox/a").data
            # It stops reading when the answer is whole.
            while len(data) < sent.size:
                piece = client.socket.recv(65536)
                assert piece, data
                data += piece
        assert data == sent.everything
    finally:
        receiver.stop()


def test_a_body_is_finished_if_it_is_as_long_as_announced() -> None:
    assert http_answer(200, b"body", "POST", "").is_finished
    assert not http_answer(200, b"body", "POST", "", announced=5).is_finished
    assert http_answer(200, b"body", "HEAD", "", announced=5).is_finished
