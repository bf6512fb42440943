"""Names the places of the fake that several deviants change.

When such a place moves, it is corrected here only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from mockserver.core.matching import Matches, Mismatch
from mockserver.core.models import App, Event, ParametersEncoding, PostbackRule
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DEFAULT_RETRY_POLICY, Decision, RetryPolicy
from mockserver.core.template import Template
from mockserver.delivery.intake import _Matching
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Result
from mockserver.receiver.journal import Journal, ReceivedRequest
from mockserver.sandbox import Sandbox

#: Names and what stands in their place, as a deviant takes them.
Patches = tuple[tuple[str, Any], ...]

#: How the arguments of an API call are read from its request.
READ_ARGUMENTS = "mockserver.web.leanplum_calls.read_arguments"
#: Who may call the API: sandbox, app id and key to app.
AUTHORISED = "mockserver.web.leanplum._authorised"
#: Every answer of the API passes here with its status.
ENVELOPE = "mockserver.web.leanplum_calls.envelope"
#: How the names of channels are read from an argument.
PARSE_CHANNELS = "mockserver.web.leanplum.parse_channels"
#: Returns the template of a postbackUrl. It caches templates for the whole process, so a
#: deviant with other templates puts a function without a cache here.
COMPILED = "mockserver.delivery.intake.compiled"
#: What is refused about braces, and about scheme and host.
CHECK_BRACES = "mockserver.core.template._check_braces"
CHECK_LOCATION = "mockserver.core.template._check_location"
#: Which rules an event fires; and for one rule, why it does not.
MATCH_RULES = "mockserver.delivery.intake.match_rules"
WHY_NOT = "mockserver.core.matching.why_not"
#: What matches the events of one call, and remembers what those of a channel fire.
MATCHING = "mockserver.delivery.intake._Matching"
#: The transport to the inboxes of a sandbox without sockets.
RECEIVER = "mockserver.delivery.wiring.InProcessReceiver"


def under_policy(policy: RetryPolicy) -> type[Sandbox]:
    """Return a sandbox in which `policy` stands for the default; others stay as they are."""

    class UnderPolicy(Sandbox):
        def __init__(self, **settings: Any) -> None:
            super().__init__(apps=[App(retry=policy)], **settings)

        def put_app(self, app: App) -> None:
            if app.retry == DEFAULT_RETRY_POLICY:
                app = replace(app, retry=policy)
            super().put_app(app)

    return UnderPolicy


def deciding(change: Callable[[int, Outcome, Decision], Decision]) -> type[Sandbox]:
    """Return a sandbox in which `change` has the last word on what follows an attempt.

    It is given the number of the attempt, what came of it, and what the fake would do.
    """

    class Changed(RetryPolicy):
        def decide(self, number: int, outcome: Outcome) -> Decision:
            return change(number, outcome, super().decide(number, outcome))

    return under_policy(Changed())


def recording(change: Callable[[MemoryLedger, Result], Result]) -> type[MemoryLedger]:
    """Return a ledger in which `change` has the last word on what is written of an attempt."""

    class Changed(MemoryLedger):
        def record(self, results: Sequence[Result]) -> None:
            # One by one: what follows one attempt may depend on the one before.
            for result in results:
                super().record([change(self, result)])

    return Changed


def mismatched_by(reason: Callable[[PostbackRule, Event], str | None]) -> Patches:
    """Return the patches under which `reason` says of every single event why it fires no rule."""

    class Single(_Matching):
        def of(self, event: Event) -> Matches:
            super().of(event)
            matches = Matches([], [])
            for rule in self._ledger.rules(event.app_id):
                why = reason(rule, event)
                if why is None:
                    matches.matched.append(rule)
                else:
                    matches.mismatched.append(Mismatch(rule, why))
            return matches

    return ((MATCHING, Single),)


class Value(NamedTuple):
    """A value about to be written into a URL.

    Attributes:
        name: The placeholder, without braces.
        text: What the fake would write, percent-encoded.
        encoding: The knob of the app.
    """

    name: str
    text: str
    event: Event
    encoding: ParametersEncoding


class RewrittenTemplate(Template):
    """A template that writes its values in another way.

    Args:
        change: Returns what is written for a value.
        url: The template as registered.
    """

    __slots__ = ()

    def __init__(self, change: Callable[[Value], str], url: str) -> None:
        super().__init__(url)

        def rewritten(fields: tuple[Any, ...], encoding: ParametersEncoding) -> tuple[Any, ...]:
            named = zip(self.placeholders, fields, strict=True)
            return tuple(partial(_write, change, name, field, encoding) for name, field in named)

        self._message_fields = {
            encoding: rewritten(fields, encoding)
            for encoding, fields in self._message_fields.items()
        }
        self._ab_test_fields = rewritten(self._ab_test_fields, "once")


def written_as(change: Callable[[Value], str]) -> Patches:
    """Return the patches under which `change` says how every value is written."""
    return ((COMPILED, partial(RewrittenTemplate, change)),)


class Sent(NamedTuple):
    """A request as it arrives at an inbox."""

    method: str
    target: str
    request_line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class ChangedJournal(Journal):
    """A journal that takes in other requests than were sent.

    Within the process there is no wire between sender and receiver: what the journal takes
    in is what was sent.

    Args:
        change: Returns the request that arrives.
        bounds: What a journal takes.
    """

    def __init__(self, change: Callable[[Sent], Sent], *bounds: Any) -> None:
        super().__init__(*bounds)
        self._change = change

    def arrived(self, inbox: str, *request: Any, **named: Any) -> ReceivedRequest:
        """Take in a request as it was changed."""
        fields = len(Sent._fields)
        sent = self._change(Sent(*request[:fields]))
        return super().arrived(inbox, *sent, *request[fields:], **named)


def sent_as(change: Callable[[Sent], Sent]) -> Patches:
    """Return the patches under which `change` says what an attempt sends."""
    return (("mockserver.receiver.inboxes.Journal", partial(ChangedJournal, change)),)


def _write(
    change: Callable[[Value], str],
    name: str,
    field: Callable[[Any], str | int],
    encoding: ParametersEncoding,
    event: Event,
) -> str:
    return change(Value(name, str(field(event)), event, encoding))
