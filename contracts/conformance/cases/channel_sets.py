"""Checks every set of channels, in every order, in every way in which it may be written.

`channels` tries each way once; a set that is misread in one order only is found here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

from contracts.conformance.api import Form, expect_accepted, expect_not_done
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.channels import EVERY_CHANNEL, ONE_EACH
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 42

#: The seven sets, each in every order.
ORDERED_SETS = tuple(chosen for size in (1, 2, 3) for chosen in permutations(EVERY_CHANNEL, size))


def _brackets(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def _closely(names: Sequence[str]) -> str:
    return f"[{','.join(names)}]"


def _json_text(names: Sequence[str]) -> str:
    return json.dumps(list(names))


#: How a list may be written, by what it is called, with the forms of a call that it suits.
WRITTEN: tuple[tuple[str, Callable[[Sequence[str]], Any], tuple[Form, ...]], ...] = (
    ("as a list", list, (Form.JSON, Form.SPLIT)),
    ("repeated", list, (Form.GET, Form.QUERY, Form.MULTIPART, Form.URLENCODED)),
    ("in brackets", _brackets, tuple(Form)),
    ("in brackets without blanks", _closely, tuple(Form)),
    ("as JSON text", _json_text, tuple(Form)),
)


@case(
    "PB-CHANNELS-EVERY-SET",
    "Each set of channels lets its channels through and no other, in each order and writing",
    why="A set that is misread in one order costs a channel, or brings one nobody asked for.",
    fix="Read a list of names, whoever writes it, and compare as a set.",
    catches=[
        "channels-filter-ignored",
        "brackets-misread",
        "json-text-refused",
        "repeated-channels-last-only",
        "third-channel-dropped",
        "push-and-in-app-is-all",
        "email-after-in-app-dropped",
        "all-three-reversed-is-none",
        "in-app-alone-is-all",
        "close-brackets-first-only",
        "third-in-multipart-dropped",
        "second-in-json-text-dropped",
        "split-call-has-no-channels",
    ],
)
def every_set(target: Target, rec: Recorder) -> None:
    """Registers a rule for each of 15 ordered sets in each writing; each channel has one event."""
    ways = [
        (chosen, called, write, form)
        for chosen in ORDERED_SETS
        for called, write, forms in WRITTEN
        for form in forms
    ]
    ways = rec.random.sample(ways, rec.samples(len(ways)))
    app, inbox = target.another_app(rule_limit=len(ways)), target.inbox()
    for number, (chosen, called, write, form) in enumerate(ways):
        answer = app.call(
            "addPostback",
            form,
            type="messageEvents",
            postbackUrl=f"{inbox.url}?rule={number}&channel={{{{Message channel}}}}",
            channels=write(chosen),
        )
        expect_accepted(answer, f"{_brackets(chosen)} {called}, by {form}", rec)
    app.trigger_many(list(ONE_EACH))
    heard: dict[str, set[str]] = {str(number): set() for number in range(len(ways))}
    for request in inbox.requests():
        heard.setdefault(request.query["rule"], set()).add(request.query["channel"])
    wrong = [
        f"{_brackets(chosen)} {called}, by {form}: hears {_brackets(sorted(heard[str(number)]))}"
        for number, (chosen, called, _, form) in enumerate(ways)
        if heard[str(number)] != set(chosen)
    ]
    rec.expect([], wrong, "each rule hears the channels that it names, and no other")


@case(
    "PB-CHANNELS-NEAR",
    "A name that is nearly that of a channel is refused, wherever in the list it stands",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="email or Push look right, and the rule would never fire, or always.",
    fix="Compare names with their capitals, blanks and hyphens.",
    catches=[
        "unknown-channel-ignored",
        "channel-in-any-case",
        "channel-by-its-beginning",
        "channel-without-blanks",
        "channel-in-plural",
    ],
)
def near(target: Target, rec: Recorder) -> None:
    """Registers names with other capitals, letters, blanks and hyphens, alone and among others."""
    for channel in EVERY_CHANNEL:
        for name in _near(channel):
            others = rec.random.sample(EVERY_CHANNEL, rec.random.randint(0, 2))
            place = rec.random.randint(0, len(others))
            names = [*others[:place], name, *others[place:]]
            answer = target.app.call(
                "addPostback", type="messageEvents", postbackUrl=NOWHERE, channels=names
            )
            expect_not_done(answer, f"channels {names}", rec)
    rec.expect([], target.app.rules(), "a refused call changes nothing")


def _near(channel: str) -> list[str]:
    first, _, rest = channel.partition(" ")
    found = {
        channel.lower(),
        channel.upper(),
        channel.swapcase(),
        channel[0].lower() + channel[1:],
        channel[:-1] + channel[-1].upper(),
        channel[:-1],
        channel[1:],
        channel + "s",
        "x" + channel,
        channel.replace(" ", ""),
        channel.replace(" ", "  "),
        channel.replace(" ", "-"),
        channel.replace(" ", "_"),
        channel.replace("-", ""),
        channel.replace("-", " "),
        channel[:2] + " " + channel[2:],
        first,
        rest,
    }
    return sorted(found - {"", *EVERY_CHANNEL})
