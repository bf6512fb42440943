"""Compares what a test expects of deliveries and requests with what happened in it.

Each function returns a `Verdict` and raises nothing but `InvalidValue`, for a field that does not
exist. The functions are hidden from tracebacks of pytest (`__tracebackhide__`), so that a failure
ends at the line of the test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DeliveryState
from mockserver.delivery.history import DeliveryHistory
from mockserver.receiver.inboxes import inbox_of
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.evidence import Evidence
from mockserver.testing.matching import (
    check_fields,
    check_parts,
    differences,
    request_differences,
)
from mockserver.testing.sendable import (
    check_postback_id,
    check_postback_parts,
    check_query_keys,
    check_url,
)

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Verdict(Generic[_Found]):
    """Whether it is as a test expects.

    Attributes:
        found: What was found of the kind that was asked for.
        failure: What to tell if it is not as expected; None if it is.
    """

    found: list[_Found]
    failure: str | None = None

    def found_or_raise(self) -> list[_Found]:
        """Return what was found.

        Raises:
            AssertionError: It is not as expected.
        """
        __tracebackhide__ = True
        if self.failure is not None:
            raise AssertionError(self.failure)
        return self.found


def in_state(
    evidence: Evidence, state: DeliveryState, times: int, fields: Mapping[str, Any]
) -> Verdict[DeliveryHistory]:
    """Compare how many deliveries stand in a state; there may be none in another one."""
    __tracebackhide__ = True
    matching = _matching(evidence, fields, is_none_wanted=times == 0)
    other = fields.get("state", state)
    if isinstance(other, str) and other != state:
        raise InvalidValue(f"what is {state.value} is not {str(other)!r}; leave state out")
    found = [delivery for delivery in matching if delivery.state == state]
    others = len(matching) - len(found)
    if len(found) == times and not (times and others):
        return Verdict(found)
    rest = f", and {others} that {'is' if others == 1 else 'are'} not" if others else ""
    expected = (
        f"expected {times} {state.value} {'postback' if times == 1 else 'postbacks'} "
        f"{_described(fields)}\nfound {len(found)}{rest}"
    )
    return Verdict(found, _failure(expected, fields, evidence))


def attempts_at(
    evidence: Evidence, hours: Sequence[float], fields: Mapping[str, Any]
) -> Verdict[DeliveryHistory]:
    """Compare when the attempts of one delivery were made, in hours after the first."""
    __tracebackhide__ = True
    matching = _matching(evidence, fields)
    if len(matching) != 1:
        expected = f"expected one delivery {_described(fields)}\nfound {len(matching)}"
        return Verdict(matching, _failure(expected, fields, evidence))
    seen = [round(offset, 6) for offset in matching[0].offsets_in_hours]
    wanted = hours
    if isinstance(hours, Sequence):
        wanted = [round(each, 6) if isinstance(each, int | float) else each for each in hours]
    # In this order, so that an object that a test hands in decides what it is equal to.
    if wanted == seen:
        return Verdict(matching)
    expected = f"expected attempts at hours {_hours(hours)}\n      they were at {_hours(seen)}"
    return Verdict(matching, _failure(expected, fields, evidence))


def not_triggered(evidence: Evidence, fields: Mapping[str, Any]) -> Verdict[DeliveryHistory]:
    """Compare that there is no such delivery."""
    __tracebackhide__ = True
    matching = _matching(evidence, fields, is_none_wanted=True)
    if not matching:
        return Verdict(matching)
    expected = f"expected no delivery {_described(fields)}\nfound {len(matching)}"
    return Verdict(matching, _failure(expected, fields, evidence))


def received(
    evidence: Evidence, inbox: str, times: int | None, parts: Mapping[str, Any]
) -> Verdict[ReceivedRequest]:
    """Compare how many such requests an inbox got; None means one at least."""
    __tracebackhide__ = True
    check_parts(inbox, parts)
    requests = evidence.requests_at(inbox)
    if times == 0 and inbox not in evidence.known_inboxes:
        known = evidence.known_inboxes
        raise InvalidValue(
            f"there is no inbox {inbox!r}{suggestion(inbox, known)}, so it never gets anything;\n"
            + (f"there are: {', '.join(known)}" if known else "this test has none")
        )
    if times == 0:
        check_postback_parts(parts)
        known_urls = [url for url in evidence.known_urls if inbox_of(url) == inbox]
        known_urls += [request.target for request in requests]
        check_query_keys(parts.get("query"), known_urls, f"nothing that goes to inbox {inbox!r}")
    compared = [(request, request_differences(request, parts)) for request in requests]
    found = [request for request, different in compared if not different]
    if len(found) == times or (times is None and found):
        return Verdict(found)
    from mockserver.testing.failure_text import requests_text

    noun = "request" if times == 1 else "requests"
    number = "at least one request" if times is None else f"{times or 'no'} {noun}"
    failure = (
        f"expected {number} at inbox {inbox!r} {_described(parts)}\n"
        f"found {len(found)} among {len(requests)}\n\n"
        f"{requests_text(compared, inbox, evidence)}"
    )
    return Verdict(found, failure)


def _failure(expected: str, fields: Mapping[str, Any], evidence: Evidence) -> str:
    # Most tests pass, and need nothing of what it is written with.
    from mockserver.testing.failure_text import failure_text

    return failure_text(expected, fields, evidence)


def _matching(
    evidence: Evidence, fields: Mapping[str, Any], *, is_none_wanted: bool = False
) -> list[DeliveryHistory]:
    __tracebackhide__ = True
    check_fields(fields)
    if is_none_wanted:
        known_urls = evidence.known_urls
        check_query_keys(fields.get("query"), known_urls, "no rule of this test")
        check_url(fields.get("url"), known_urls)
        check_postback_id(fields.get("postback_id"), evidence.templates if known_urls else ())
        _check_app(evidence, fields.get("app_id"))
    return [item for item in evidence.deliveries if not differences(item, fields)]


def _check_app(evidence: Evidence, app_id: object) -> None:
    __tracebackhide__ = True
    apps = [app.app_id for app in evidence.sandbox.ledger.apps()]
    if type(app_id) is str and app_id not in apps:
        raise InvalidValue(
            f"there is no app {app_id!r}{suggestion(app_id, apps)}, so nothing is its; "
            f"there are: {', '.join(apps)}"
        )


def _described(fields: Mapping[str, Any]) -> str:
    if not fields:
        return "of any kind"
    return "with\n  " + "\n  ".join(f"{name}={_plain(value)!r}" for name, value in fields.items())


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _hours(hours: object) -> str:
    if not isinstance(hours, Sequence):
        return repr(hours)
    return "[" + ", ".join(_hour(offset) for offset in hours) + "]"


def _hour(offset: object) -> str:
    if not isinstance(offset, int | float):
        return repr(offset)
    from mockserver.testing.delivery_text import since

    # A part of an hour is written exactly, so that two that differ look different.
    whole = float(offset).is_integer()
    return f"{offset:g}" if whole else f"{offset:.6f} ({since(timedelta(hours=offset))})"
