"""Compares what was acknowledged, what arrived and what is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.client.sandbox_client import SandboxClient


@dataclass
class Account:
    """What has come of a scenario.

    Attributes:
        acknowledged: The users whose event was answered 200.
        refused: How many events were answered otherwise, or not at all.
        lost: Acknowledged, but without a delivery.
        stuck: Deliveries that are still pending, although nothing holds them up.
        unmarked: Users with more postbacks than attempts, none of which is marked `repeated`.
        made_up: Users with more attempts than postbacks.
        repeated: How many attempts are marked.
    """

    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    stuck: list[int] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)
    posts: int = 0
    attempts: int = 0
    repeated: int = 0

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost, doubled without a mark, or made up."""
        return not (self.lost or self.stuck or self.unmarked or self.made_up)

    def close(self, client: SandboxClient, arrived: Mapping[str, int]) -> None:
        """Read what is written down, and compare."""
        attempts: Counter[str] = Counter()
        marked: set[str] = set()
        known: set[str] = set()
        after: int | None = 0
        while after is not None:
            page = client.deliveries(after=after, limit=1000)
            for delivery in page.deliveries:
                user_id = delivery.event.user_id
                known.add(user_id)
                attempts[user_id] += len(delivery.attempts)
                self.repeated += sum(attempt.repeated for attempt in delivery.attempts)
                if any(attempt.repeated for attempt in delivery.attempts):
                    marked.add(user_id)
                if delivery.state == "pending":
                    self.stuck.append(delivery.id)
            after = page.next
        self.lost = sorted(self.acknowledged - known)
        self.posts, self.attempts = sum(arrived.values()), sum(attempts.values())
        for user_id in sorted(known | set(arrived)):
            more = arrived.get(user_id, 0) - attempts[user_id]
            if more > 0 and user_id not in marked:
                self.unmarked.append(user_id)
            if more < 0:
                self.made_up.append(user_id)
