"""Puts up an inbox that forwards and a rule, for `postbacks listen`, and removes both."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.core.errors import InvalidBehaviour, InvalidValue
from mockserver.core.forward_target import forward_target

if TYPE_CHECKING:
    from mockserver.client.sandbox_client import SandboxClient
    from mockserver.web.shapes import RuleJson

#: What a postback has if no template was given: every value of a message, or of an A/B test.
USUAL_QUERY = {
    "messageEvents": "user={{User ID}}&device={{Device ID}}&channel={{Message channel}}"
    "&event={{Message event}}&message={{Message ID}}&parameters={{Parameters}}"
    "&time={{Trigger time}}",
    "abTestEvents": "user={{User ID}}&device={{Device ID}}&test={{AB test ID}}"
    "&variant={{Variant ID}}&time={{Trigger time}}",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where postbacks are to go in the end.

    Attributes:
        forward_to: What the inbox forwards to.
        suffix: What stands behind the inbox in the template of the rule.
    """

    forward_to: str
    suffix: str


def endpoint_of(template: str, kind: str) -> Endpoint:
    """Return what a template URL of one's own endpoint means for the inbox and for the rule.

    Args:
        template: As in `postbackUrl`; without a query it gets one with every value.
        kind: The type of the rule.

    Raises:
        InvalidValue: It is no URL of an endpoint.
    """
    address, mark, query = template.partition("?")
    suffix = f"?{query}" if mark else f"?{USUAL_QUERY[kind]}"
    if "{{" in address:
        parts = urlsplit(address)
        address, path = f"{parts.scheme}://{parts.netloc}", parts.path
        suffix = path + suffix
    try:
        forward_target(address)
    except InvalidBehaviour as error:
        text = str(error).replace("forward:", "").replace("URL to forward to", "URL of an endpoint")
        raise InvalidValue(text) from None
    return Endpoint(address, suffix)


class Listening:
    """An inbox and a rule that were put up for one command.

    Args:
        client: Of the sandbox.
        app_id: Whose rule it is.
        endpoint: Where postbacks go.
        kind: What the rule listens to.
        channels: Which messages; all without any.

    Attributes:
        inbox: Its name.
        inbox_url: Its URL.
        postback_id: Of the rule; None before there is one.
    """

    def __init__(
        self,
        client: SandboxClient,
        app_id: str,
        endpoint: Endpoint,
        kind: str,
        channels: Sequence[str],
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._kind = kind
        self._channels = channels
        self.app_id = app_id
        # A name that nobody else has: what has it in its URL is ours.
        self.inbox = f"listen-{secrets.token_hex(4)}"
        self.inbox_url = ""
        self.postback_id: int | None = None

    @property
    def template(self) -> str:
        """Return the URL of the rule."""
        return self.inbox_url + self._endpoint.suffix

    @property
    def forward_to(self) -> str:
        """Return what the inbox forwards to."""
        return self._endpoint.forward_to

    def put_up(self) -> str | None:
        """Put up what is missing; return why nothing will be forwarded, or may not be.

        Raises:
            PostbacksError: The sandbox refuses, or does not answer.
        """
        script = f"forward:{self._endpoint.forward_to}"
        behaviour = self._client.behave(self.inbox, script)
        self.inbox_url = behaviour.url
        for rule in self._rules():
            if rule.url == self.template:
                self.postback_id = rule.postback_id
                return behaviour.refused
            # The receiver is at another port than before.
            self._client.delete_postback(self.app_id, rule.postback_id)
        self.postback_id = self._client.add_postback(
            self.app_id, self.template, self._kind, self._channels
        )
        return behaviour.refused

    def is_up(self) -> bool:
        """Return whether everything is still there as it was put up.

        Raises:
            ServerUnreachable: The sandbox does not answer.
        """
        behaviour = self._client.behaviour(self.inbox)
        return (
            behaviour.behaviour == f"forward:{self._endpoint.forward_to}"
            and behaviour.url == self.inbox_url
            and any(rule.url == self.template for rule in self._rules())
        )

    def remove(self) -> None:
        """Delete the rule and the inbox, as far as they are there.

        Raises:
            PostbacksError: The sandbox does not answer.
        """
        for rule in self._rules():
            self._client.delete_postback(self.app_id, rule.postback_id)
        self._client.clear_inbox(self.inbox)

    def is_ours(self, url: str) -> bool:
        """Return whether a postback with this URL goes to the inbox."""
        rest = url.partition(f"/inbox/{self.inbox}")[2]
        return url.startswith(self.inbox_url) and rest[:1] in ("", "/", "?", "#")

    def _rules(self) -> list[RuleJson]:
        rules = self._client.app(self.app_id).rules
        return [rule for rule in rules if f"/inbox/{self.inbox}" in rule.url]
