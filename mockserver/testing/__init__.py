"""Leanplum in tests: the objects behind the fixtures, for use without pytest as well.

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

from typing import TYPE_CHECKING, Any

from mockserver.testing.leanplum import Leanplum as Leanplum
from mockserver.testing.problems import Problem as Problem

if TYPE_CHECKING:
    from mockserver.live import LiveSandbox as LiveSandbox
    from mockserver.testing.partner import Partner as Partner

__all__ = ["Leanplum", "LiveSandbox", "Partner", "Problem"]


def __getattr__(name: str) -> Any:
    # Every test that uses the fixture imports this module, and few need these.
    if name == "LiveSandbox":
        from mockserver.live import LiveSandbox

        return LiveSandbox
    if name == "Partner":
        from mockserver.testing.partner import Partner

        return Partner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
