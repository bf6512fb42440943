"""Names what a fault's check for `postbacks doctor` holds in its hands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    # A sandbox without sockets imports every fault, and needs no client.
    from mockserver.net.raw_client import RawClient, Seen


class Bench(Protocol):
    """A receiver to try things on, and a client that sees bytes."""

    def seen(self, script: str, requests: int = 1) -> list[Seen]:
        """Return what a socket sees of requests to an inbox that follows `script`.

        Args:
            script: In shorthand.
            requests: How many are sent, one after the other on one connection.
        """

    def client(self, script: str) -> RawClient:
        """Return a new connection; the inbox is emptied and follows `script`."""

    def post(self, client: RawClient, silence: float) -> Seen:
        """POST to the inbox on a connection that `client` returned.

        Args:
            client: The connection.
            silence: Real seconds without a byte after which reading ends.
        """

    def ends(self) -> list[str | None]:
        """Return how the requests to the inbox ended; None for one that is under way."""

    def endpoint(self, answer: bytes) -> AbstractContextManager[tuple[str, list[bytes]]]:
        """Lend the URL of an endpoint that answers one request with bytes, and what it gets."""

    def reset(self) -> None:
        """End the requests that the receiver keeps waiting."""


class Check(NamedTuple):
    """One thing to look at.

    Attributes:
        name: E.g. `drip (head)`.
        look: Returns what was seen; raises `Unexpected` if that is something else.
    """

    name: str
    look: Callable[[Bench], str]


class Unexpected(Exception):
    """A check saw something else than it should have."""


def expect(condition: bool, expected: str, seen: object) -> None:
    """Fail the check unless `condition`.

    Raises:
        Unexpected: Saying what was expected, and what was seen.
    """
    if not condition:
        raise Unexpected(f"expected {expected}; saw {seen}")
