"""What tests do to an endpoint: send it postbacks, and look at what it stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contracts.verify.endpoints import (
    answers,
    calendar,
    identity,
    ids,
    links,
    losing,
    order,
    payload,
    repeat,
    saying,
    store,
    values,
)
from contracts.verify.endpoints.deviant_endpoint import DeviantEndpoint, EndpointVariant, in_process
from contracts.verify.endpoints.shop import Row
from mockserver.core.outcome import Outcome

GOOD = EndpointVariant("good", "good", "It does everything right.", in_process())

MODULES = (
    answers,
    saying,
    values,
    calendar,
    ids,
    payload,
    links,
    repeat,
    identity,
    store,
    losing,
    order,
)
DEVIANTS = {deviant.name: deviant for module in MODULES for deviant in module.DEVIANTS}

#: A click on an email, as it stands in a query.
USUAL = {
    "user": "u-1",
    "device": "d-1",
    "message": "5838201947316225",
    "event": "Click",
    "channel": "Email",
    "template": "",
    "at": "1767225600123",
    "parameters": '{"index":1,"url":"https:\\/\\/shop.example\\/o?from=news"}',
}


class Visitor:
    """Somebody who sends postbacks to a deviant endpoint."""

    def __init__(self, served: DeviantEndpoint) -> None:
        self.served = served
        self.endpoint = served.endpoint
        self._url = served.endpoint.subscription.template.url.partition("?")[0]

    @property
    def rows(self) -> list[Row]:
        return self.served.store.rows

    def url(self, **changed: str) -> str:
        return f"{self._url}?{urlencode(USUAL | changed, quote_via=quote)}"

    def send(self, **changed: str) -> Outcome:
        """Send the usual postback, with some of its values changed."""
        return self.endpoint.post([self.url(**changed)])[0]

    def status(self, **changed: str) -> int | None:
        return self.send(**changed).status

    def statuses(self, *changes: dict[str, str]) -> list[int | None]:
        return [self.status(**changed) for changed in changes]

    def other(self, method: str) -> int | None:
        """Send the usual postback with another method."""
        parts = urlsplit(self.url())
        return self.endpoint.request(method, f"{parts.path}?{parts.query}").status

    def kept(self, name: str, text: str) -> object:
        """Send a value and return what is stored of it; None if nothing is."""
        self.send(**{name: text})
        return self.rows[-1][name] if self.rows else None


@dataclass(frozen=True)
class Probe:
    """What somebody sees at the good endpoint, and at a deviant."""

    name: str
    look: Callable[[Visitor], object]
    good: object
    deviant: object


def compare(probe: Probe) -> None:
    """Look at the good endpoint and at the deviant."""
    for deviant, expected in ((GOOD, probe.good), (DEVIANTS[probe.name], probe.deviant)):
        with DeviantEndpoint(deviant) as served:
            assert probe.look(Visitor(served)) == expected, deviant.name


def name_of(probe: Probe) -> str:
    return probe.name


def status_of(**changed: str) -> Callable[[Visitor], object]:
    """Return what looks at the status of one postback."""
    return lambda visitor: visitor.status(**changed)


def kept_of(name: str, text: str) -> Callable[[Visitor], object]:
    """Return what looks at what is stored of one value."""
    return lambda visitor: visitor.kept(name, text)


def stored_of(*changes: dict[str, str]) -> Callable[[Visitor], object]:
    """Return what looks at the statuses of postbacks, and at how many are stored then."""
    return lambda visitor: (visitor.statuses(*changes), len(visitor.rows))


def names_of(probes: Sequence[Probe]) -> set[str]:
    return {probe.name for probe in probes}


def raised(visitor: Visitor, **changed: Any) -> list[str]:
    """Return what the application raised while it answered one postback."""
    visitor.send(**changed)
    return [str(failure.error) for failure in visitor.endpoint.sender.failures]  # type: ignore[attr-defined]
