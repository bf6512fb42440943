"""Knows which tests are to answer Leanplum's calls now, and finds out whose call one is.

Clients know nothing of tests, so this is one list for the whole process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mockserver.client.wire import Reply

#: Starts an answer (PEP 3333).
StartResponse = Callable[..., Any]


class Answers(Protocol):
    """What answers calls of Leanplum's API for one test."""

    def answer(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None
    ) -> Reply:
        """Answer a call that came without a socket."""

    def serve(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer a call that came through a socket, as a WSGI application does."""

    def has_app(self, app_id: str) -> bool:
        """Return whether it has an app of this id."""


@dataclass(frozen=True, eq=False, slots=True)
class Active:
    """One who answers, from its start to its end.

    Attributes:
        answers: What answers.
        strict: Whether no other host may be reached meanwhile.
        test: What is running, for messages; empty outside of pytest.
        process: The id of the process in which it began.
        refusals: What was not let out meanwhile, as the client was told; each once.
    """

    answers: Answers
    strict: bool
    test: str
    process: int
    refusals: dict[str, None]


#: Those who answer, the newest last. It is replaced, never changed, so that any thread may read it.
_active: tuple[Active, ...] = ()


def begin(answers: Answers, refusals: dict[str, None], *, strict: bool) -> Active:
    """Let somebody answer from now on; `refusals` takes what is not let out meanwhile."""
    global _active
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    one = Active(answers, strict, test, os.getpid(), refusals)
    _active = (*_active, one)
    return one


def end(one: Active) -> None:
    """Let it answer no more."""
    global _active
    _active = tuple(each for each in _active if each is not one)


def is_anybody() -> bool:
    """Return whether anybody answers."""
    return bool(_active)


def is_strict() -> bool:
    """Return whether anybody who answers lets nobody else be reached."""
    return any(one.strict for one in _active)


def newest() -> Active | None:
    """Return who began last; None if nobody answers."""
    current = _active
    return current[-1] if current else None


def began_here() -> bool:
    """Return whether one of them began in this process, and not before it was forked."""
    return any(one.process == os.getpid() for one in _active)


def whose(find_app_id: Callable[[], str | None]) -> Active | None:
    """Return who is to answer a call; None if nobody answers.

    Args:
        find_app_id: Reads the app out of the call; asked only if there are several.
    """
    current = _active
    if len(current) > 1:
        app_id = find_app_id()
        for one in reversed(current):
            if app_id and one.answers.has_app(app_id):
                return one
    return current[-1] if current else None
