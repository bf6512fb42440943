"""Breaks which templates are accepted, and which values fill them.

How values are encoded is broken in `encoding`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import (
    CHECK_BRACES,
    CHECK_LOCATION,
    COMPILED,
    Patches,
    Value,
    written_as,
)
from mockserver.core.models import Delivery, MessageEvent, NewDelivery
from mockserver.core.template import (
    PLACEHOLDERS,
    Template,
    _check_braces,
    _check_location,
    milliseconds,
    percent_encode,
)
from mockserver.ledger.memory.ledger import MemoryLedger

_IN_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_AUTHORITY = re.compile(r"(?<=://)[^/?#]*")
_KEY = re.compile(r"(?<=[?&])[^=&#{}]+(?==)")
_NEVER = re.compile(r"(?!)")


class _HappensWhenItArrives(MemoryLedger):
    def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
        return super().add_deliveries([_with_time_of_arrival(item) for item in new])


def _with_time_of_arrival(new: NewDelivery) -> NewDelivery:
    happened, arrived = (str(milliseconds(each)) for each in (new.event.triggered_at, new.due_at))
    return new._replace(url=new.url.replace(happened, arrived))


def _seconds(value: Value) -> str:
    return str(int(value.text) // 1000) if value.name == "Trigger time" else value.text


def _check_known_braces(url: str) -> None:
    _check_braces(_IN_BRACES.sub(lambda found: found[0] if found[1] in PLACEHOLDERS else "", url))


def _check_without_host_values(url: str) -> None:
    _check_location(_AUTHORITY.sub(lambda found: _IN_BRACES.sub("1", found[0]), url, count=1))


def _in_braces(name: str) -> str:
    return percent_encode(f"{{{{{name}}}}}")


def _unknown_kept(value: Value) -> str:
    return value.text if value.name in PLACEHOLDERS else _in_braces(value.name)


def _any_case(url: str) -> Template:
    exact = {name.lower(): name for name in PLACEHOLDERS}
    return Template(
        _IN_BRACES.sub(lambda found: f"{{{{{exact.get(found[1].lower(), found[1])}}}}}", url)
    )


def _lower_keys(url: str) -> Template:
    return Template(_KEY.sub(lambda found: found[0].lower(), url))


class _PathLeftAlone(Template):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        path = _IN_BRACES.findall(url.partition("?")[0])
        kept = tuple(_constant(_in_braces(name)) for name in path)
        self._message_fields = {
            encoding: kept + fields[len(kept) :]
            for encoding, fields in self._message_fields.items()
        }
        self._ab_test_fields = kept + self._ab_test_fields[len(kept) :]


def _constant(text: str) -> Callable[[object], str]:
    return lambda event: text


def _name_for_email(value: Value) -> str:
    is_email = isinstance(value.event, MessageEvent) and value.event.channel == "Email"
    return "Newsletter" if is_email and value.name == "Template name" else value.text


def _none(value: Value) -> str:
    return value.text or "None"


def _null(value: Value) -> str:
    return value.text or "null"


def _deviant(name: str, change: str, *patches: tuple[str, object]) -> Deviant:
    return Deviant(name, "template", change, patches=patches)


def _accepting(place: str, check: object) -> Patches:
    # What is accepted here must not be remembered by the fake: it refuses it.
    return ((place, check), (COMPILED, Template))


DEVIANTS: tuple[Deviant, ...] = (
    _deviant("seconds-not-milliseconds", "Trigger time is in seconds.", *written_as(_seconds)),
    Deviant(
        "now-not-trigger-time",
        "template",
        "Trigger time is the present, whenever the event happened.",
        ledger=_HappensWhenItArrives,
    ),
    _deviant(
        "unknown-placeholder-kept",
        "An unknown name in braces is accepted and sent as it is.",
        (CHECK_BRACES, _check_known_braces),
        *written_as(_unknown_kept),
    ),
    _deviant(
        "unknown-placeholder-emptied",
        "An unknown name in braces is accepted and left empty.",
        *_accepting(CHECK_BRACES, _check_known_braces),
    ),
    _deviant(
        "names-case-insensitive",
        "Names in braces may be written in any case.",
        (COMPILED, _any_case),
    ),
    _deviant(
        "keys-lower-cased", "Keys of the query are sent in lower case.", (COMPILED, _lower_keys)
    ),
    _deviant(
        "placeholder-in-host-accepted",
        "Values may stand in host, port and user info.",
        *_accepting(CHECK_LOCATION, _check_without_host_values),
    ),
    _deviant("path-not-rendered", "Names in braces stay in a path.", (COMPILED, _PathLeftAlone)),
    _deviant(
        "cut-url-accepted",
        "A postbackUrl that was cut off at an un-encoded & is accepted.",
        ("mockserver.web.leanplum._check_not_cut_off", lambda url, arguments: None),
    ),
    _deviant(
        "encoded-braces-accepted",
        "A postbackUrl whose braces are still encoded is accepted.",
        *_accepting("mockserver.core.template._ENCODED_BRACES", _NEVER),
    ),
    _deviant(
        "template-name-for-email",
        "Template name is filled for e-mails.",
        *written_as(_name_for_email),
    ),
    _deviant("missing-as-none", "What is missing is written None.", *written_as(_none)),
    _deviant("missing-as-null", "What is missing is written null.", *written_as(_null)),
)
