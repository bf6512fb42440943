"""Draws fakes that are wrong in one way by a seed, so that no case can be fitted to a list of them.

What is drawn is the kind of fault and its parameters: a status, a length, a set, an event, an
instant. A name like `drawn-7-12` says the seed and the number, and brings the same fake again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from contracts.conformance.deviants import (
    answers,
    arguments,
    channel_sets,
    event_values,
    histories,
    statuses,
    template_text,
)
from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import under_policy
from mockserver.core.catalog import ALL_CHANNELS, EventKind, event_kinds
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_DELAYS, DeliveryState, RetryPolicy

_NAME = re.compile(r"drawn-(\d{1,19})-(\d{1,9})")
_HOUR = timedelta(hours=1)
_BODIES = ("multipart/form-data", "application/json", "")
_WITHOUT_CHANNELS = ("action", "appId", "clientKey", "apiVersion", "type", "postbackUrl")
_LITERALS = "+;'()*!,:@$"


def drawn_deviant(seed: int, number: int) -> Deviant:
    """Return the fake that a seed draws as number `number`; kinds take turns."""
    random = Random(f"{seed} {number}")
    made = _KINDS[number % len(_KINDS)](random)
    return replace(made, name=f"drawn-{seed}-{number}")


def drawn_by_name(name: str) -> Deviant | None:
    """Return the fake of this name; None if it is no name of a drawn one."""
    found = _NAME.fullmatch(name)
    return drawn_deviant(int(found[1]), int(found[2])) if found else None


# Retries


def _final_retried(random: Random) -> Deviant:
    status, number = random.randint(300, 499), random.choice((1, 1, random.randint(2, 9)))
    change = f"A {status} at attempt {number} or later is tried again."
    return statuses.retried("", change, statuses.answered(status, from_number=number))


def _error_ended(random: Random) -> Deviant:
    status, number = random.randint(500, 599), random.randint(1, 9)
    change = f"A {status} at attempt {number} or later is not tried again."
    return statuses.ended("", change, statuses.answered(status, from_number=number))


def _success_refused(random: Random) -> Deviant:
    status = random.randint(200, 299)
    return statuses.ended("", f"A {status} is no success.", statuses.answered(status))


def _final_delivered(random: Random) -> Deviant:
    status = random.randint(300, 499)
    return statuses.delivered("", f"A {status} is a success.", statuses.answered(status))


def _pause_changed(random: Random) -> Deviant:
    place = random.randint(1, 9)
    by = timedelta(seconds=random.choice((1, 30, 60, 600, 3_000)) * random.choice((-1, 1)))
    change = f"The pause after attempt {place} differs by {by.total_seconds():.0f} seconds."

    def is_it(number: int, outcome: Outcome) -> bool:
        return number == place

    return statuses.paused("", change, is_it, lambda delay: delay + by)


def _pause_by_status(random: Random) -> Deviant:
    status, minutes = random.randint(500, 599), random.randint(1, 50)
    return statuses.paused(
        "",
        f"After a {status} the pause is {minutes} minutes longer.",
        statuses.answered(status),
        lambda delay: delay + timedelta(minutes=minutes),
    )


def _other_count(random: Random) -> Deviant:
    count = random.choice([each for each in range(4, 14) if each != 10])
    delays = (*DEFAULT_DELAYS, *([10 * _HOUR] * 4))[: count - 1]
    sandbox = under_policy(RetryPolicy(delays))
    return Deviant("", "retry", f"There are {count} attempts.", sandbox=sandbox)


def _kind_of_failure(random: Random) -> Deviant:
    kind = random.choice((OutcomeKind.TIMEOUT, OutcomeKind.RESET))
    place = random.randint(1, 7)

    def is_it(number: int, outcome: Outcome) -> bool:
        return number >= place and outcome.kind is kind

    if random.random() < 0.5:
        return statuses.ended("", f"A {kind} at attempt {place} or later is the end.", is_it)
    by = timedelta(seconds=random.randint(1, 3_000))
    change = f"From attempt {place} on a {kind} delays what follows by {by.seconds} seconds."
    return statuses.paused("", change, is_it, lambda delay: delay + by)


def _many_pending(random: Random) -> Deviant:
    number, by = random.randint(3, 14), timedelta(seconds=random.randint(1, 600))
    change = f"While more than {number} are pending, retries are {by.seconds} seconds late."
    return histories.later("", change, histories.many_pending(number), by)


def _forgotten(random: Random) -> Deviant:
    number = random.randint(3, 12)
    return histories.forgotten_pending(
        "", f"What is added while {number} are pending is tried once.", number
    )


def _after_an_end(random: Random) -> Deviant:
    state = random.choice((DeliveryState.LOST, DeliveryState.REJECTED, DeliveryState.DELIVERED))
    place = random.randint(1, 6)
    when = histories.at_number(place, histories.has_ended(state))
    if random.random() < 0.5:
        change = f"Once something was {state}, further deliveries have {place} attempts."
        return histories.given_up("", change, when)
    change = f"Once something was {state}, retries are a second late from attempt {place} on."
    return histories.later("", change, when, timedelta(seconds=1))


def _of_a_rule(random: Random) -> Deviant:
    place, number = random.randint(0, 2), random.randint(1, 5)
    when = histories.at_number(number, histories.of_rule(place))
    change = f"Rule {place + 1} of an app waits a second longer from attempt {number} on."
    return histories.later("", change, when, timedelta(seconds=1))


def _after_restart(random: Random) -> Deviant:
    by = timedelta(seconds=random.randint(1, 7_200))
    change = f"What was tried twice before a restart is {by.seconds} seconds late."
    return histories.later_after_restart("", change, by)


# Events


def _kind(random: Random) -> EventKind:
    return random.choice([kind for kind in event_kinds() if kind.channel is not None])


def _which(kind: EventKind) -> event_values.Which:
    assert kind.channel is not None
    return event_values.of_kind(kind.channel, kind.event, kind.template_name)


def _missing_event(random: Random) -> Deviant:
    kind = _kind(random)
    return event_values.missing("", f"{kind.name} fires nothing.", _which(kind))


def _lost_value(random: Random) -> Deviant:
    kind = _kind(random)
    placeholder = random.choice(("User ID", "Message ID", "Parameters", "Message channel"))
    to = "%7B%7D" if placeholder == "Parameters" else ""
    change = f"{placeholder} of {kind.name} is empty."
    return event_values.emptied("", change, placeholder, _which(kind), to)


def _cut_value(random: Random) -> Deviant:
    placeholder = random.choice(("User ID", "Device ID", "Message ID"))
    length = random.randint(16, 511)
    change = f"{placeholder} has {length} characters at most."
    return event_values.cut("", change, placeholder, length)


def _cut_address(random: Random) -> Deviant:
    length = random.randint(60, 5_900)
    change = f"Texts in Parameters have {length} characters at most."
    return event_values.short_address("", change, length)


def _clamped(random: Random) -> Deviant:
    age = timedelta(seconds=10 ** random.uniform(-2, 7.49))
    if random.random() < 0.5:
        return event_values.not_older_than("", f"Trigger time is {age} ago at most.", age)
    return event_values.not_ahead_by("", f"Trigger time is {age} ahead at most.", age)


# Channels


def _other_set(random: Random) -> Deviant:
    names = [channel.value for channel in ALL_CHANNELS]
    chosen = random.sample(names, random.randint(1, 3))
    others = [names, *([name] for name in names), names[:2], names[1:], [names[0], names[2]]]
    becomes = random.choice([each for each in others if set(each) != set(chosen)])
    change = f"[{', '.join(chosen)}] is taken for [{', '.join(becomes)}]."
    return channel_sets.set_becomes("", change, chosen, becomes)


# The template


def _dropped_argument(random: Random) -> Deviant:
    place = random.randint(1, 10)
    change = f"Argument number {place + 1} of a template is not sent."
    return template_text.argument_dropped("", change, place)


def _mark_encoded(random: Random) -> Deviant:
    mark = random.choice(_LITERALS)
    return template_text.literal_changed(
        "", f"A {mark} in a template is percent-encoded.", mark, f"%{ord(mark):02X}"
    )


# The API


def _ignored_argument(random: Random) -> Deviant:
    argument, body = random.choice(_WITHOUT_CHANNELS), random.choice(_BODIES)
    make, place = random.choice(
        (
            (arguments.ignored_in_query, "in a query"),
            (arguments.ignored_in_body, "in a body"),
        )
    )
    change = f"{argument} does not count {place}, with {body or 'any'} body."
    return make("", change, argument, body)


def _lenient_word(random: Random) -> Deviant:
    argument = random.choice(("clientKey", "apiVersion", "type", "action"))
    ways: list[tuple[str, arguments.Meant]] = [
        ("be cut short", arguments.beginning),
        ("have more behind it", arguments.more_behind),
        ("have blanks around it", arguments.trimmed),
    ]
    if argument != "apiVersion":
        ways.append(("be in any case", arguments.any_case))
    how, meant = random.choice(ways)
    return arguments.lenient("", f"{argument} may {how}.", argument, meant)


def _other_length(random: Random) -> Deviant:
    length = 2_083 + random.choice((-40, -2, -1, 1, 2, 3))
    return arguments.longest_get("", f"A GET may have {length} characters.", length)


def _other_type(random: Random) -> Deviant:
    key = random.choice(("success", "postbackId", "warning", "error", "postbacks"))
    ways: dict[str, Callable[[Any], Any]] = {"text": str, "null": lambda value: None}
    ways["a list"] = lambda value: [value]
    how = random.choice(sorted(ways))
    return answers.member("", f"{key} is {how} in answers.", key, ways[how])


_KINDS: tuple[Callable[[Random], Deviant], ...] = (
    _final_retried,
    _error_ended,
    _success_refused,
    _final_delivered,
    _pause_changed,
    _pause_by_status,
    _other_count,
    _kind_of_failure,
    _many_pending,
    _forgotten,
    _after_an_end,
    _of_a_rule,
    _after_restart,
    _missing_event,
    _lost_value,
    _cut_value,
    _cut_address,
    _clamped,
    _other_set,
    _dropped_argument,
    _mark_encoded,
    _ignored_argument,
    _lenient_word,
    _other_length,
    _other_type,
)
