"""Breaks what is sent, how often, and which answers count as delivered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urljoin

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import (
    COMPILED,
    MATCH_RULES,
    RECEIVER,
    Patches,
    Sent,
    sent_as,
    under_policy,
)
from mockserver.core.matching import Matches, Mismatch, match_rules
from mockserver.core.models import DueAttempt, Event, ParametersEncoding, PostbackRule
from mockserver.core.outcome import Outcome
from mockserver.core.retry import Decision, DeliveryState, RetryPolicy
from mockserver.core.template import Template
from mockserver.receiver.accounted import AccountedAnswer, accounted_answer
from mockserver.receiver.answers import ReceiverAnswer
from mockserver.receiver.in_process import InProcessReceiver


def _as_get(sent: Sent) -> Sent:
    line = sent.request_line.replace(b"POST", b"GET", 1)
    return sent._replace(method="GET", request_line=line)


def _with_body(sent: Sent) -> Sent:
    query = sent.target.partition("?")[2]
    body = json.dumps(dict(parse_qsl(query, keep_blank_values=True))).encode()
    kept = tuple(header for header in sent.headers if header[0] != b"Content-Length")
    told = (
        (b"Content-Type", b"application/json"),
        (b"Content-Length", str(len(body)).encode()),
    )
    return sent._replace(headers=kept + told, body=body)


def _signed(sent: Sent) -> Sent:
    signature = hashlib.sha256(sent.request_line).hexdigest().encode()
    return sent._replace(headers=(*sent.headers, (b"X-Leanplum-Signature", signature)))


def _with_user_agent(sent: Sent) -> Sent:
    return sent._replace(headers=(*sent.headers, (b"User-Agent", b"Leanplum")))


class _WithoutUserInfo(Template):
    def render(self, event: Event, parameters_encoding: ParametersEncoding = "once") -> str:
        url = super().render(event, parameters_encoding)
        return re.sub(r"(?<=://)[^/?#]*@", "", url, count=1)


class _Only200(RetryPolicy):
    def decide(self, number: int, outcome: Outcome) -> Decision:
        decision = super().decide(number, outcome)
        if decision.state is DeliveryState.DELIVERED and outcome.status != 200:
            return Decision(DeliveryState.REJECTED)
        return decision


def _timed_per_read(answer: ReceiverAnswer, timeout: timedelta) -> AccountedAnswer:
    if answer.head_interval is not None:
        longest = max(answer.wait, answer.head_interval)
        answer = answer._replace(wait=longest, head_interval=None)
    return accounted_answer(answer, timeout)


class _Follows(InProcessReceiver):
    def send(self, attempt: DueAttempt) -> Outcome:
        outcome = super().send(attempt)
        location = dict(outcome.headers).get("Location", "")
        url = urljoin(attempt.url, location)
        if location and outcome.status in range(300, 400) and self.accepts(url):
            return super().send(attempt._replace(url=url))
        return outcome


class _SendsTwice(InProcessReceiver):
    def send(self, attempt: DueAttempt) -> Outcome:
        super().send(attempt)
        return super().send(attempt)


def _nothing_blocked(*failed: Any, blocked: str | None, **named: Any) -> Any:
    # The guard has stopped the attempt before anything was sent; it is only called otherwise.
    from mockserver.transport.curl.failure import failure_of

    return failure_of(*failed, blocked=None, **named)


def _first_rule_only(rules: Iterable[PostbackRule], event: Event) -> Matches:
    matched, mismatched = match_rules(rules, event)
    others = [Mismatch(rule, "another rule was fired") for rule in matched[1:]]
    return Matches(matched[:1], mismatched + others)


def _every_rule_twice(rules: Iterable[PostbackRule], event: Event) -> Matches:
    matched, mismatched = match_rules(rules, event)
    return Matches([rule for rule in matched for _ in range(2)], mismatched)


def _deviant(name: str, change: str, patches: Patches, *, sockets: bool = False) -> Deviant:
    return Deviant(name, "deliver", change, patches=patches, sockets=sockets)


def _waiting(name: str, seconds: float) -> Deviant:
    change = f"An attempt is a timeout after {seconds} seconds."
    sandbox = under_policy(RetryPolicy(timeout=timedelta(seconds=seconds)))
    return Deviant(name, "deliver", change, sandbox=sandbox)


DEVIANTS: tuple[Deviant, ...] = (
    _deviant("get-instead-of-post", "A postback is a GET.", sent_as(_as_get)),
    _deviant("body-with-json", "The values stand in a JSON body, too.", sent_as(_with_body)),
    _deviant("signature-header", "A signature is sent in a header.", sent_as(_signed)),
    _deviant("user-agent-header", "A User-Agent is sent.", sent_as(_with_user_agent)),
    _deviant(
        "user-info-dropped",
        "User info in a postbackUrl is not sent.",
        ((COMPILED, _WithoutUserInfo),),
        sockets=True,
    ),
    Deviant(
        "only-200-is-success",
        "deliver",
        "A 2xx other than 200 is rejected.",
        sandbox=under_policy(_Only200()),
    ),
    _waiting("timeout-29", 29),
    _waiting("timeout-31", 31),
    _waiting("timeout-just-after-30", 30.0005),
    _waiting("timeout-60", 60),
    _deviant(
        "timeout-per-read",
        "The 30 seconds are for each byte of a response head, not for all of it.",
        (("mockserver.receiver.accounted.accounted_answer", _timed_per_read),),
    ),
    _deviant(
        "redirect-followed",
        "After a redirect the request is sent to its Location, and the answer there counts.",
        ((RECEIVER, _Follows),),
    ),
    _deviant(
        "metadata-allowed",
        "Link-local and metadata addresses are not blocked.",
        (("mockserver.transport.curl.transfer.failure_of", _nothing_blocked),),
    ),
    _deviant(
        "only-first-rule-fires",
        "Of several rules that match an event the first is fired.",
        ((MATCH_RULES, _first_rule_only),),
    ),
    _deviant(
        "fires-twice",
        "An event fires every rule that matches twice.",
        ((MATCH_RULES, _every_rule_twice),),
    ),
    _deviant("attempts-twice", "Every attempt is sent twice.", ((RECEIVER, _SendsTwice),)),
)
