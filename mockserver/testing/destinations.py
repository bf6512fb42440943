"""Keeps the postbacks of a test from hosts that the test has not named.

Refused is what leads to no application, no inbox and no loopback address: before its host is
looked up, and at once. To try it again for 65 hours would only hide the mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mockserver.core.hosts import Host, allowed_host, host_of, is_loopback
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from mockserver.receiver.inboxes import Inbox
    from mockserver.testing.partner import Partner


class AllowedHosts:
    """The hosts that a test has named.

    Args:
        hosts: Those of the beginning.

    Raises:
        InvalidValue: One of them is no host.
    """

    def __init__(self, hosts: Iterable[object] = ()) -> None:
        self._allowed = [allowed_host(host, "hosts") for host in hosts]

    def allow(self, host: object) -> None:
        """Add a host.

        Raises:
            InvalidValue: It is no host.
        """
        self._allowed.append(allowed_host(host, "allow_host"))

    def refuse(self, url: str) -> bool:
        """Return whether nothing is sent to `url`, if it is of no application and no inbox."""
        host = host_of(url)
        if host is None:
            return True
        return not is_loopback(host.name) and not any(each.allows(host) for each in self._allowed)

    def why_not_forwarded(self, url: str) -> str | None:
        """Return why an inbox forwards nothing to `url`; None if it may."""
        if not self.refuse(url):
            return None
        host = host_of(url)
        name = url[:200] if host is None else host.name
        how = "write it as usual" if host is None else f"allow it: {_how(host)}"
        return (
            f"{name} is no loopback address as it is usually written, and an inbox forwards "
            f"through sockets; {how}, or give an application in this process to leanplum.partner"
        )


class Destinations:
    """Where the postbacks of one test may go, besides its applications and inboxes.

    It is also the transport that refuses all others.

    Args:
        applications: Those of the test, as they are at any time.
        inboxes: Those of the test, by name, as they are at any time.
        hosts: Hosts that are allowed from the beginning.

    Raises:
        InvalidValue: One of `hosts` is no host.
    """

    batch = 1

    def __init__(
        self,
        applications: Sequence[Partner],
        inboxes: Mapping[str, Inbox],
        hosts: Iterable[object] = (),
    ) -> None:
        self._applications = applications
        self._inboxes = inboxes
        #: The hosts that are allowed, also for who must not hold the rest.
        self.hosts: AllowedHosts = AllowedHosts(hosts)

    def allow(self, host: object) -> None:
        """Let postbacks go to a host.

        Raises:
            InvalidValue: It is no host.
        """
        self.hosts.allow(host)

    def refuses(self, url: str) -> bool:
        """Return whether nothing is sent to `url`, if it is of no application and no inbox."""
        return self.hosts.refuse(url)

    def send(self, attempt: DueAttempt) -> Outcome:
        """Send nothing, and say why."""
        return Outcome(OutcomeKind.BLOCKED, error=f"blocked: {self._reason(attempt.url)}")

    def _reason(self, url: str) -> str:
        host = host_of(url)
        if host is None:
            return (
                f"{url[:200]!r} is not written as a URL usually is, so nothing is sent there; "
                f"write it like http://127.0.0.1:8000/in or https://shop.example/in{self._near(url)}"
            )
        return (
            f"{host.name} is no application, no inbox and no loopback address as it is usually "
            f"written, so nothing was sent{self._near(url)}; allow it: {_how(host)}"
        )

    def _near(self, url: str) -> str:
        named = [
            (each.url_prefix, f'leanplum.partner("{each.url_prefix}", ...)')
            for each in self._applications
        ]
        named += [(each.url, f'leanplum.inbox("{name}")') for name, each in self._inboxes.items()]
        if not named:
            return "; the test has no application and no inbox"
        _, nearest = max(named, key=lambda each: _similarity(url, each[0]))
        return f"; the nearest is {nearest}"


def _similarity(url: str, beginning: str) -> float:
    # Only a mistake needs it, and every run would pay for it.
    from difflib import SequenceMatcher

    return SequenceMatcher(None, url[: len(beginning) + 1], beginning, autojunk=False).ratio()


def _how(host: Host) -> str:
    name = f"[{host.name}]" if ":" in host.name else host.name
    return f'leanplum.allow_host("{name}") or @pytest.mark.leanplum(hosts=["{name}"])'
