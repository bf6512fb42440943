"""Keeps the answer of every behaviour once it has been rendered, for both receivers."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mockserver.core.limits import SHORT
from mockserver.receiver.answers import ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.base import Fault


class PlainAnswer(NamedTuple):
    """An answer that is sent at once, on a connection that stays.

    Attributes:
        status: Its status.
        data: Every byte of it.
    """

    status: int
    data: bytes


def answer_of(fault: Fault, method: str, connection: ConnectionField = "") -> ReceiverAnswer:
    """Return what a request with `method` is answered with.

    Args:
        fault: What serves the request.
        method: Of the request, e.g. `POST`.
        connection: What the answer says of the connection.
    """
    if fault.size > SHORT:
        return _rendered(fault, method, connection)
    return _remembered(fault, method, connection)


def plain_answer_of(fault: Fault) -> PlainAnswer | None:
    """Return the answer to a request that asks for nothing special, if it is a plain one.

    None if anything about it takes time or ends the connection, or somebody else answers.
    """
    if fault.forwards_to is not None:
        return None
    return _plain(fault) if fault.size > SHORT else _remembered_plain(fault)


def _rendered(fault: Fault, method: str, connection: ConnectionField) -> ReceiverAnswer:
    return fault.answer(method, connection)._replace(wait=fault.delay_time)


def _plain(fault: Fault) -> PlainAnswer | None:
    answer = answer_of(fault, "POST")
    return PlainAnswer(answer.status, answer.everything) if answer.is_plain else None


# What is large is rendered every time: a thousand of them would be a gibibyte.
_remembered = lru_cache(maxsize=1024)(_rendered)
_remembered_plain = lru_cache(maxsize=1024)(_plain)
