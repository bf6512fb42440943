"""Gives tests the objects behind the fixtures, for use without pytest as well.

    from mockserver.testing import Leanplum

    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url + "?user={{User ID}}")
        leanplum.trigger("email.click", user_id="ada")
        leanplum.assert_delivered(user_id="ada")

The order in which to read: `leanplum`, what a test holds; `partner`, an application in the
same process; `interception`, calls of the API by code under test; `assertions`, `matching` and
`telling`, from what is asked to what a failure shows; `problems`, what is wrong at the end.
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

# Every test that uses the fixture imports this module, and few need these.
_IMPORTED_WHEN_ASKED_FOR = {
    "Inbox": "mockserver.receiver.inboxes",
    "LiveLeanplum": "mockserver.testing.live",
    "LiveSandbox": "mockserver.live",
    "Partner": "mockserver.testing.partner",
}


def __getattr__(name: str) -> Any:
    module = _IMPORTED_WHEN_ASKED_FOR.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)
