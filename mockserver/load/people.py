"""Makes the events of a load: who they happen to, and what they carry, each from its number.

All ids come from a seed, so that every worker makes the same ones and they can be found again
where they were stored. No user of a real app has such an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mockserver.core.catalog import EventKind
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import EXAMPLE_APP_ID, AbTestEvent, Event, MessageEvent, postback_id_of
from mockserver.core.samples import carried_by

#: Users click on one of so many links.
LINKS = 97

_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class People:
    """Who the users of a load are.

    Attributes:
        seed: What all ids come from.
        app_id: The app of their events.
        prefix: What user ids begin with; `postbacks-load-SEED-` unless given.
        starts_at: When the load begins, aware UTC; events are triggered at their instants.
    """

    seed: int = 0
    app_id: str = EXAMPLE_APP_ID
    prefix: str = ""
    starts_at: datetime = DEFAULT_START_AT

    def user_id(self, number: int) -> str:
        """Return the id of a user."""
        return f"{self.prefix or f'postbacks-load-{self.seed}-'}u{number}"

    def event(self, kind: EventKind, user: int, after: timedelta) -> Event:
        """Return what happens to a user.

        Args:
            kind: What it is.
            user: The number of the user.
            after: When it happens, from the beginning of the load.
        """
        at = self.starts_at + after
        if kind.channel is None:
            return AbTestEvent(
                self.app_id,
                at,
                self.user_id(user),
                self._device_id(user),
                _id(self.seed, 3),
                _id(self.seed, 4 + user % 2),
            )
        carried = carried_by(kind.channel, kind.event)
        return MessageEvent(
            self.app_id,
            kind.channel,
            kind.event,
            at,
            self.user_id(user),
            self._device_id(user) if carried.device_id else "",
            _id(self.seed, _MESSAGES[kind.channel.value]),
            kind.template_name,
            _clicked(user) if carried.parameters else {},
        )

    def as_json(self) -> Mapping[str, Any]:
        """Return what makes an equal value on any machine."""
        return {
            "seed": self.seed,
            "app_id": self.app_id,
            "prefix": self.prefix,
            "starts_at": self.starts_at.isoformat(),
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> People:
        """Return the value that `as_json` was asked of."""
        starts_at = datetime.fromisoformat(document["starts_at"])
        return People(document["seed"], document["app_id"], document["prefix"], starts_at)

    def _device_id(self, user: int) -> str:
        high = mixed(self.seed * 0x9E3779B97F4A7C15 + user)
        text = f"{high:016X}{mixed(high):016X}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-A{text[17:20]}-{text[20:]}"


#: Each channel has a message of its own.
_MESSAGES = {"Push Notification": 0, "Email": 1, "In-app Message": 2}


def mixed(number: int) -> int:
    """Return 64 bits that look random and are the same for the same number (splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def _id(seed: int, which: int) -> str:
    return str(postback_id_of(mixed(seed * 8 + which) % 10**15))


def _clicked(user: int) -> dict[str, Any]:
    link = mixed(user) % LINKS
    return {"index": 1 + link % 5, "url": f"https://example.com/offers/{link}?from=newsletter"}
