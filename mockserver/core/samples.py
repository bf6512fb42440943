"""Says what each event carries where nobody set a value: what Leanplum would send.

Whether a device id comes with an event: with the sending of an email it does (observed), with a
click in one it does not (observed), and so with all else that a mail server or a mailbox reports
(assumed). What happens on a device has one (assumed). Only a click has parameters, its URL and its
index (observed); a sending has none (observed), nor has anything else (assumed). Only in-app
messages have a template's name (documented).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mockserver.core.catalog import Channel

#: Values for the fields that nobody set. The plus is there because real ids have it and
#: receivers get it wrong; it must arrive as a plus, not as a space.
SAMPLE_VALUES: Mapping[str, str] = MappingProxyType(
    {
        "user_id": "ada+news@example.com",
        "device_id": "7C3A9C52-1F0B-4D8E-9C61-0A5D2B7E4F10",
        "message_id": "5838201947316224",
        "ab_test_id": "4912773501100032",
        "variant_id": "5001344097845248",
    }
)

#: What a Click carries (observed); every other event carries no parameters.
SAMPLE_CLICK_PARAMETERS: Mapping[str, Any] = MappingProxyType(
    {"index": 1, "url": "https://example.com/offers?from=newsletter"}
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What comes with an event.

    Attributes:
        device_id: Whether a device id does.
        parameters: Its parameters.
    """

    device_id: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)


#: The events that differ from the others of their channel.
_OF_EVENT: Mapping[tuple[Channel | None, str], Carried] = MappingProxyType(
    {
        (Channel.EMAIL, "Send"): Carried(device_id=True),
        (Channel.EMAIL, "Click"): Carried(device_id=False, parameters=SAMPLE_CLICK_PARAMETERS),
    }
)

#: All others; None is an A/B test.
_OF_CHANNEL: Mapping[Channel | None, Carried] = MappingProxyType(
    {
        Channel.PUSH: Carried(device_id=True),
        Channel.EMAIL: Carried(device_id=False),
        Channel.IN_APP: Carried(device_id=True),
        None: Carried(device_id=True),
    }
)


def carried_by(channel: Channel | None, event: str) -> Carried:
    """Return what comes with an event of a channel; None is an A/B test."""
    return _OF_EVENT.get((channel, event), _OF_CHANNEL[channel])


def sample_value(name: str, channel: Channel | None, event: str) -> str:
    """Return what a field has that nobody set; empty if Leanplum sends nothing there."""
    if name == "device_id" and not carried_by(channel, event).device_id:
        return ""
    return SAMPLE_VALUES.get(name, "")
