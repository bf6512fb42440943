"""Gives tests the objects behind the fixtures, for use without pytest as well.

    from mockserver.testing import Leanplum

    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url + "?user={{User ID}}")
        leanplum.trigger("email.click", user_id="ada")
        leanplum.assert_delivered(user_id="ada")

The order in which to read: `leanplum` (what a test holds) with `app`, `clock`, `marker`; `partner`
(an application in the same process); `interception` and `api_calls` (calls of the API by the code
under test); `evidence` (what happened), which `assertions`, `comparisons` and `matching` compare,
`failure_text` and `delivery_text` write, and `problems` searches at the end; `live` (real ports).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver.testing.leanplum import Leanplum as Leanplum
from mockserver.testing.leanplum import LeanplumClock as LeanplumClock
from mockserver.testing.problems import Problem as Problem

if TYPE_CHECKING:
    from mockserver.live import LiveSandbox as LiveSandbox
    from mockserver.receiver.inboxes import Inbox as Inbox
    from mockserver.testing.live import LiveLeanplum as LiveLeanplum
    from mockserver.testing.partner import Partner as Partner

__all__ = [
    "Inbox",
    "Leanplum",
    "LeanplumClock",
    "LiveLeanplum",
    "LiveSandbox",
    "Partner",
    "Problem",
]

# Every test that uses the fixture imports this module, but few need these.
_HOMES = {
    "Inbox": "mockserver.receiver.inboxes",
    "LiveLeanplum": "mockserver.testing.live",
    "LiveSandbox": "mockserver.live",
    "Partner": "mockserver.testing.partner",
}


def __getattr__(name: str) -> Any:
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)
