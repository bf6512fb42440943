"""Says of an endpoint what is wrong with its postbackUrl before anything is sent.

`addPostback` accepts such a URL, but it causes trouble later, or it holds a secret.
"""

from __future__ import annotations

from contracts.suite.results import Remark
from contracts.verify.postbacks import Subscription
from mockserver.core.url_remarks import Secret as Secret
from mockserver.core.url_remarks import remarks_on
from mockserver.core.url_remarks import secrets_in as secrets_in
from mockserver.transport.resolved_host import ResolvedHost


def remarks(subscription: Subscription, resolved_host: ResolvedHost | None = None) -> list[Remark]:
    """Return remarks about a postbackUrl, the most important first.

    Args:
        subscription: The postbackUrl, and what it is registered for.
        resolved_host: Its host, if that is known; plain http to this machine is no problem.
    """
    found = remarks_on(
        subscription.template,
        subscription.type,
        subscription.channels,
        is_local=resolved_host is not None and resolved_host.is_loopback,
    )
    return [Remark(*each) for each in found]
