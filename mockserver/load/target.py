"""Decides where a load may be sent to, and how much of it, before anything is sent.

A load beyond this machine hits somebody's server. So its host is named twice, its addresses stay
the same from the beginning to the end, and more than `FAR_BUDGET` postbacks need a word.
"""

from __future__ import annotations

import socket
from collections.abc import Collection

from mockserver.core.errors import InvalidConfig, InvalidTemplate, ServerUnreachable
from mockserver.core.template import Template
from mockserver.core.wording import count
from mockserver.transport.resolved_host import ResolvedHost, resolve_host

#: How many postbacks may be sent to this machine, and beyond it, unless told.
NEAR_BUDGET, FAR_BUDGET = 1_000_000, 10_000
#: How long it may take to find out whether somebody listens, in real seconds.
_CONNECT_REAL_SECONDS = 5.0


def target_of(url: str, *, allowed_hosts: Collection[str] = ()) -> ResolvedHost:
    """Return where a template leads to.

    Raises:
        InvalidConfig: It is no postbackUrl.
        HostNotAllowed: Its host is beyond this machine, and was not named a second time.
        HostUnknown: Its host has no address.
    """
    try:
        Template(url)
    except InvalidTemplate as error:
        raise InvalidConfig(f"addPostback would refuse this URL: {error}") from None
    return resolve_host(url, allowed_hosts=allowed_hosts)


def check_listening(target: ResolvedHost) -> None:
    """Go on only if somebody listens: a load that hits nobody says nothing.

    Raises:
        ServerUnreachable: Nobody does.
    """
    reason = ""
    for address in target.addresses:
        try:
            socket.create_connection((address, target.port), _CONNECT_REAL_SECONDS).close()
        except OSError as error:
            reason = reason or error.strerror or str(error)
        else:
            return
    raise ServerUnreachable(
        f"nobody listens at {target.authority}, so nothing was sent: {reason}; start the endpoint "
        "first"
    )


def budget_of(total: int, most: int | None, target: ResolvedHost) -> int:
    """Return how many postbacks may be sent.

    Args:
        total: How many the load has.
        most: How many its user allows; None for the usual limit.
        target: Where they go.

    Raises:
        InvalidConfig: The load is larger.
    """
    usual = NEAR_BUDGET if target.is_loopback else FAR_BUDGET
    budget = usual if most is None else most
    if total > budget:
        whose = "allowed by --max-requests" if most is not None else "sent"
        where = "to this machine" if target.is_loopback else "beyond this machine"
        unless = "" if most is not None else f" {where} unless --max-requests says more"
        raise InvalidConfig(
            f"this load has {count(total, 'postback')}, and {budget:,} are {whose}{unless}; "
            f"nothing was sent: give --max-requests {total}, or make the load smaller"
        )
    return budget
