"""Remembers for a run what it has sent, so that all of it can be asked of the probe in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.suite.results import RecordedExchange
from contracts.verify.postbacks import Postback
from mockserver.core.outcome import Outcome


@dataclass(slots=True)
class SentPostback:
    """A postback that was sent, once or several times.

    Attributes:
        postback: What was sent.
        case_id: The case that sent it first.
        exchange: The last exchange that is known of it; None if it was sent byte by byte only.
        what: What is special about it; empty if nothing is, or nobody said.
        is_accepted: Whether it was answered 2xx at least once.
        may_be_stored: Whether it was sent as a postback; a GET is none, and need not be stored.
    """

    postback: Postback
    case_id: str
    exchange: RecordedExchange | None = None
    what: str = ""
    is_accepted: bool = False
    may_be_stored: bool = True


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A 2xx whose body says that something went wrong."""

    case_id: str
    exchange: RecordedExchange
    status: int
    what: str


@dataclass
class SentPostbacks:
    """Everything that a run has sent, in order.

    Attributes:
        first: The outcome of the first postback of the run; None before it.
        first_exchange: Its exchange.
        contradictions: The answers that contradict their 2xx.
        was_counted_at: How many different postbacks had been sent when the probe was first asked.
    """

    first: Outcome | None = None
    first_exchange: RecordedExchange | None = None
    contradictions: list[Contradiction] = field(default_factory=list)
    was_counted_at: int | None = None

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self._by_url: dict[str, SentPostback] = {}

    def __len__(self) -> int:
        """Return how many different postbacks were sent."""
        return len(self._by_url)

    def all(self) -> list[SentPostback]:
        """Return what was sent, in the order in which each was sent first."""
        return list(self._by_url.values())

    def of(self, postbacks: Iterable[Postback]) -> list[SentPostback]:
        """Return what is known of these."""
        found = (self._by_url.get(postback.url) for postback in postbacks)
        return [each for each in found if each is not None]

    def was_accepted(self, postback: Postback) -> bool:
        """Return whether a postback was answered 2xx before."""
        known = self._by_url.get(postback.url)
        return known is not None and known.is_accepted

    def note(
        self,
        postback: Postback,
        case_id: str,
        exchange: RecordedExchange | None,
        *,
        is_accepted: bool,
        may_be_stored: bool = True,
    ) -> None:
        """Note that a postback was sent."""
        known = self._by_url.setdefault(
            postback.url, SentPostback(postback, case_id, may_be_stored=False)
        )
        known.exchange = exchange or known.exchange
        known.is_accepted |= is_accepted
        known.may_be_stored |= may_be_stored
