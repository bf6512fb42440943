"""Says what a case can rely on in the server that it is aimed at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.wire import Wire


@dataclass(frozen=True, slots=True)
class Credentials:
    """An app that is there already, and its data export key."""

    app_id: str
    key: str = field(repr=False)


class Server(Protocol):
    """A sandbox, a deviant or Leanplum's API, as a `Target` uses it.

    Attributes:
        kind: What it is.
        capabilities: What cases may ask of it.
        is_ours: Whether everything in it may be thrown away between two cases.
        wire: The way to it.
        token: The bearer token of its control API, if it needs one.
        credentials: The app to use, where none can be added.
    """

    kind: TargetKind
    capabilities: frozenset[Need]
    is_ours: bool
    wire: Wire
    token: str | None
    credentials: Credentials | None

    def restart(self) -> None:
        """Stop it and start it again over the same data, as an operator would.

        Raises:
            PostbacksError: It cannot be restarted from here.
        """
