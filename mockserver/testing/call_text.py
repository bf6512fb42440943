"""Writes the calls that Leanplum's API got as plain text, for the failures of tests."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.api.calls import ApiCall
from mockserver.core.wording import count
from mockserver.testing.delivery_text import wrapped

#: How many calls a failure shows, the newest.
SHOWN_CALLS = 5


def newest_calls(calls: Sequence[ApiCall], *, without: str = "") -> str:
    """Return the newest calls as text, a line for each or more; empty if there are none.

    Args:
        calls: All of them, oldest first.
        without: Refusals that are told here are left out.
    """
    told = " ".join(without.split())
    calls = [call for call in calls if not _is_told(call, told)]
    lines = [_lines_of(call) for call in calls[-SHOWN_CALLS:]]
    earlier = len(calls) - SHOWN_CALLS
    if earlier > 0:
        lines.insert(0, f"({count(earlier, 'earlier call')})")
    return "\n".join(lines)


def _is_told(call: ApiCall, text: str) -> bool:
    return bool(call.refused) and f"was refused with {call.status}: {call.refused}" in text


def _lines_of(call: ApiCall) -> str:
    lines = [wrapped(f"{call.number}. {call.called_at:%H:%M:%S}  {call}")]
    lines += [wrapped(f"  {warning}") for warning in call.warnings]
    return "\n".join(lines)
