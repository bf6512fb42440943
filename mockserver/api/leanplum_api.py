"""Gives a test or a server Leanplum's API to hold: how it behaves, and what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mockserver.api.behaviour import ApiBehaviour, SetScript
from mockserver.api.calls import ApiCall, CallLog

if TYPE_CHECKING:
    from mockserver.core.names import ApiMethod
    from mockserver.receiver.behaviours import Behaviour


class LeanplumApi:
    """Leanplum's API of one sandbox, as far as it can be told to fail and asked what it got.

    Attributes:
        scripts: What it does with the next calls.
        log: The calls that it got.
    """

    def __init__(self) -> None:
        self.scripts: ApiBehaviour = ApiBehaviour()
        self.log: CallLog = CallLog()
        self._on_reset: list[Callable[[], None]] = []
        self._on_call: list[Callable[[ApiCall], None]] = []

    def behave(
        self,
        script: str | Iterable[Behaviour | dict[str, Any] | str],
        *,
        action: ApiMethod | None = None,
        app_id: str | None = None,
    ) -> None:
        """Say how calls are answered, one after the other, e.g. `"503*2,200"`; the last one stays.

        `200` is the answer of the API itself, `200@31s` the same after 31 seconds; `drip`, `stall`,
        `slow-read` and `truncated` send it in their way. Everything else is answered in its place,
        and the call is not carried out.

        Args:
            script: As for an inbox.
            action: Only calls of this method, e.g. `addPostback`.
            app_id: Only calls about this app.

        Raises:
            InvalidBehaviour: The script cannot be read.
            InvalidValue: There is no such method.
        """
        from mockserver.receiver.behaviours import parse_script

        self.scripts.set(parse_script(script), action, app_id)

    def as_usual(self) -> None:
        """Answer every call as the API does, whatever was said before."""
        self.scripts.forget()

    @property
    def behaviour(self) -> str:
        """Return in shorthand how calls are answered that no script is for; `200` is as usual."""
        plain = [each for each in self.scripts.scripts() if _is_for_all(each)]
        if not plain:
            return "200"
        from mockserver.receiver.behaviours import format_script

        return format_script(plain[0].script)

    @property
    def calls(self) -> list[ApiCall]:
        """Return the calls that it got, oldest first; those of long ago may be dropped."""
        return self.log.calls()

    def took(self, call: ApiCall) -> None:
        """Keep a call, and tell whoever wants to know."""
        self.log.add(call)
        for tell in self._on_call:
            tell(call)

    def on_call(self, tell: Callable[[ApiCall], None]) -> None:
        """Call `tell` with every call from now on, by the thread that answers it."""
        self._on_call.append(tell)

    def on_reset(self, end: Callable[[], None]) -> None:
        """Call `end`, once, when calls that are kept waiting are to be ended."""
        if end not in self._on_reset:
            self._on_reset.append(end)

    def reset(self) -> None:
        """Forget what was said and what was asked, and end the calls that are kept waiting."""
        self.scripts.forget()
        for end in self._on_reset:
            end()
        self.log.clear()

    def __repr__(self) -> str:
        """Return what is in it, for the failures of tests that hold it."""
        calls = len(self.calls)
        return f"<Leanplum's API: {calls} {'call' if calls == 1 else 'calls'}, {self.behaviour}>"


def _is_for_all(found: SetScript) -> bool:
    return found.action is None and found.app_id is None
