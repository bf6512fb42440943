"""Says what happens to the next call of the API: scripts, for all calls or for some."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from mockserver.core.api_methods import checked_method
from mockserver.core.errors import InvalidBehaviour
from mockserver.core.limits import MOST_OF_SCRIPTS, TooMuch

if TYPE_CHECKING:
    from mockserver.receiver.behaviours import Behaviour, Script
    from mockserver.receiver.walk import ScriptWalk


class Told(NamedTuple):
    """What one call is to be answered with.

    Attributes:
        behaviour: It.
        shown: It in shorthand, e.g. `503`.
    """

    behaviour: Behaviour
    shown: str


class SetScript(NamedTuple):
    """A script, and the calls that it is for.

    Attributes:
        action: The method; None for every one.
        app_id: The app that calls are about; None for every one.
        script: The whole of it.
    """

    action: str | None
    app_id: str | None
    script: Script


class ApiBehaviour:
    """The scripts that the API follows; any thread may ask for what is next.

    The nearest script counts: one for the method of an app, else one for the app, else one for the
    method, else one for all calls.

    Args:
        max_bytes: About how many bytes all scripts may take.
    """

    def __init__(self, max_bytes: int = MOST_OF_SCRIPTS) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._walks: dict[tuple[str | None, str | None], ScriptWalk] = {}

    def set(self, script: Script, action: str | None = None, app_id: str | None = None) -> None:
        """Let calls be answered by `script` from the next one on.

        Raises:
            InvalidValue: There is no such method.
            InvalidBehaviour: It forwards calls, which only an inbox does with its requests.
            TooMuch: All scripts together are too large.
        """
        # Not before something is said: many sandboxes never need to know what behaviours are.
        from mockserver.receiver.walk import ScriptWalk

        if action is not None:
            checked_method(action)
        walk = ScriptWalk(script)
        if walk.forwards:
            raise InvalidBehaviour(
                "calls of Leanplum's API are not forwarded, they have your keys; let an inbox "
                "forward postbacks, with `postbacks inbox NAME --behave forward:URL`"
            )
        with self._lock:
            others = [each.size for key, each in self._walks.items() if key != (action, app_id)]
            if sum(others) + walk.size > self._max_bytes:
                raise TooMuch(
                    f"the behaviours of the API would take {sum(others) + walk.size} bytes, "
                    f"{self._max_bytes} are kept at most; make them shorter, or forget some"
                )
            self._walks[action, app_id] = walk

    def forget(self, action: str | None = None, app_id: str | None = None) -> None:
        """Forget the script for these calls; without arguments, every script.

        Raises:
            InvalidValue: There is no such method.
        """
        if action is not None:
            checked_method(action)
        with self._lock:
            if action is None and app_id is None:
                self._walks.clear()
            else:
                self._walks.pop((action, app_id), None)

    def forget_app(self, app_id: str) -> None:
        """Forget every script for calls about an app, because it is gone."""
        with self._lock:
            for key in [key for key in self._walks if key[1] == app_id]:
                del self._walks[key]

    def scripts(self) -> list[SetScript]:
        """Return all scripts, the one for every call first."""
        with self._lock:
            found = [SetScript(*key, walk.script) for key, walk in self._walks.items()]
        return sorted(found, key=lambda each: (each.app_id or "", each.action or ""))

    def next(self, action: str, app_id: str) -> Told | None:
        """Return what a call is to be answered with; None if nothing was said of it."""
        # Most of the time nothing is said of any call.
        if not self._walks:
            return None
        with self._lock:
            for key in ((action, app_id), (None, app_id), (action, None), (None, None)):
                walk = self._walks.get(key)
                if walk is not None:
                    return Told(*walk.step())
        return None
