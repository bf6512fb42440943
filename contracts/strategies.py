"""Offers Hypothesis strategies for everything postbacks are made of, for tests of users.

Ordinary values come first, so whatever is unusual in a shrunk example is needed for the failure.
Ids hold no control characters: no real id does, and a store that refuses a NUL is no finding.
Strings within `Parameters` hold whatever JSON can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any, TypeVar

from hypothesis import example
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from contracts.kinds import chosen_fields, chosen_kinds
from mockserver.core.catalog import Channel, EventKind, PostbackType, event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidValue
from mockserver.core.events import build_event
from mockserver.core.models import EXAMPLE_APP_ID, AbTestEvent, MessageEvent
from mockserver.core.names import ChannelName, EventName
from mockserver.core.template import PLACEHOLDERS, Template
from mockserver.delivery.history import DeliveryHistory
from mockserver.sandbox import Sandbox

#: A name that `Sandbox.trigger` takes, and keyword arguments for it.
EventRequest = tuple[str, dict[str, Any]]

_Test = TypeVar("_Test", bound=Callable[..., Any])


def events(
    *,
    channels: Iterable[Channel | ChannelName] | None = None,
    names: Iterable[EventName] | None = None,
    app_id: str = EXAMPLE_APP_ID,
    fields: Iterable[str] | None = None,
) -> SearchStrategy[MessageEvent | AbTestEvent]:
    """Return events of every kind, all of them in the past of a new sandbox.

    `every_kind` makes sure that each run meets all of them. Now and then an id has up to 512
    characters, or nothing but what a receiver trips over.

    Args:
        channels: Only events of these channels, e.g. `["Email"]`.
        names: Only events with these names, e.g. `["email.click", "email.bounce"]`.
        app_id: The app they happen in.
        fields: What is drawn, e.g. `["user_id"]`; everything else has its sample value.

    Raises:
        InvalidEvent: No event has one of the names.
        InvalidValue: There is no such channel or field, or no event is left.
    """
    kinds = chosen_kinds(channels, names)
    drawn = None if fields is None else chosen_fields(fields, kinds)
    return _events(kinds, app_id, drawn)


def every_kind(
    *,
    channels: Iterable[Channel | ChannelName] | None = None,
    names: Iterable[EventName] | None = None,
    app_id: str = EXAMPLE_APP_ID,
) -> Callable[[_Test], _Test]:
    """Return a decorator that tries an event of every kind first, with its sample values.

    Put it above `@given(events())` (or `@given(event=events())`). Random examples would take
    several hundred to meet all 33 kinds; these are tried in every run, and before all others.

    Args:
        channels: As for `events`.
        names: As for `events`.
        app_id: As for `events`.

    Raises:
        InvalidEvent: No event has one of the names.
        InvalidValue: There is no such channel, or no event is left.
    """
    kinds = chosen_kinds(channels, names)

    def decorate(test: _Test) -> _Test:
        given = getattr(getattr(test, "hypothesis", None), "_given_kwargs", {})
        named = [name for name in given if name in ("event", "events")] or list(given)
        for kind in reversed(kinds):
            sample = build_event(kind, app_id, DEFAULT_START_AT, {})
            test = example(**{named[0]: sample})(test) if named else example(sample)(test)
        return test

    return decorate


def event_requests(
    *,
    channels: Iterable[Channel | ChannelName] | None = None,
    names: Iterable[EventName] | None = None,
) -> SearchStrategy[EventRequest]:
    """Return names with overrides: `sandbox.trigger(name, **overrides)`.

    What is not overridden has the sample value that `trigger` gives it.

    Args:
        channels: Only events of these channels.
        names: Only events with these names.

    Raises:
        InvalidEvent: No event has one of the names.
        InvalidValue: There is no such channel, or no event is left.
    """
    kinds = chosen_kinds(channels, names)

    @cache
    def of_kind(kind: EventKind) -> SearchStrategy[EventRequest]:
        overrides = st.fixed_dictionaries({}, optional=fields_of(kind))
        return st.tuples(st.just(kind.name), overrides)

    return st.sampled_from(kinds).flatmap(of_kind)


def rules(base_url: str) -> SearchStrategy[dict[str, Any]]:
    """Return keyword arguments for `sandbox.add_postback`: `url`, `type`, `channels`.

    Args:
        base_url: As for `templates`.

    Raises:
        InvalidTemplate: `base_url` is no URL.
        InvalidValue: `base_url` has a query or a fragment.
    """
    return st.fixed_dictionaries(
        {"url": templates(base_url)},
        optional={
            "type": st.sampled_from([each.value for each in PostbackType]),
            "channels": st.lists(st.sampled_from([each.value for each in Channel]), unique=True),
        },
    )


def templates(base_url: str, *, in_path: bool = True) -> SearchStrategy[str]:
    """Return valid templates: free keys, placeholders in any place and any number.

    Args:
        base_url: What each begins with, without a query.
        in_path: Whether the path goes on after `base_url`, placeholders in it; leave it out
            for an application that knows one path only.

    Raises:
        InvalidTemplate: `base_url` is no URL.
        InvalidValue: `base_url` has a query or a fragment.
    """
    Template(base_url)
    if "?" in base_url or "#" in base_url:
        raise InvalidValue(f"a base URL has no query and no fragment, got {base_url!r}")
    pairs = st.tuples(_KEYS, _TEMPLATE_VALUES).map("=".join)
    query = st.lists(pairs, min_size=1, max_size=8).map("&".join)
    path = st.just("")
    if in_path:
        path = st.lists(_TEMPLATE_VALUES, max_size=3).map(
            lambda places: "".join(f"/{place}" for place in places)
        )
    return st.builds(lambda path, query: f"{base_url.rstrip('/')}{path}?{query}", path, query)


def parameters() -> SearchStrategy[dict[str, Any]]:
    """Return JSON objects whose numbers mean the same to every reader of JSON.

    Whole numbers fit into a double exactly; the others are quarters, never `1.0`, which some
    languages write and read as `1`.
    """
    return st.dictionaries(_ANY_TEXT, _JSON_VALUES, max_size=4)


def behaviours() -> SearchStrategy[str]:
    """Return scripts for an inbox, in shorthand: `503*9,200`, `hang,reset,404`.

    Each ends in an answer that ends a delivery: delivered or rejected at the latest then.
    """
    failure = st.tuples(_FAILURES, st.sampled_from(["", "*2", "*9", "*10"])).map("".join)
    failures = st.lists(failure, max_size=4)
    return st.tuples(failures, _ENDINGS).map(lambda parts: ",".join([*parts[0], parts[1]]))


def delivery_histories() -> SearchStrategy[DeliveryHistory]:
    """Return deliveries as the engine leaves them: pending, delivered, rejected, lost.

    Each was made by a sandbox in memory, with an inbox that followed a drawn script.
    """
    # A handful of moves reaches every stage of ten attempts, None the end of all of them.
    moves = st.none() | st.integers(0, 9)
    return st.builds(_lived_through, events(), behaviours(), moves, st.booleans())


# Machines ask for the same strategy at every step, and making one is dear.
@lru_cache(maxsize=64)
def _events(
    kinds: tuple[EventKind, ...], app_id: str, fields: frozenset[str] | None
) -> SearchStrategy[MessageEvent | AbTestEvent]:
    @cache
    def drawn_of(kind: EventKind) -> SearchStrategy[dict[str, Any]]:
        own = fields_of(kind)
        return st.fixed_dictionaries(
            {name: own[name] for name in own if fields is None or name in fields}
        )

    @st.composite
    def events(draw: DrawFn, /, **_: object) -> MessageEvent | AbTestEvent:
        kind = draw(st.sampled_from(kinds))
        return build_event(kind, app_id, DEFAULT_START_AT, draw(drawn_of(kind)))

    return events(**_shown(kinds, fields))


def _shown(kinds: tuple[EventKind, ...], fields: frozenset[str] | None) -> dict[str, object]:
    """Return what was asked for, as it is shown in the name of the strategy."""
    shown: dict[str, object] = {}
    if len(kinds) < len(event_kinds()):
        shown["names"] = [kind.name for kind in kinds[:_SHOWN_KINDS]]
        if len(kinds) > _SHOWN_KINDS:
            shown["names"] = _Shown(f"<{len(kinds)} kinds>")
    if fields is not None:
        shown["fields"] = sorted(fields)
    return shown


_SHOWN_KINDS = 3


class _Shown(str):
    """A text that is shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def fields_of(kind: EventKind) -> dict[str, SearchStrategy[Any]]:
    """Return what is drawn for each field of an event of this kind."""
    fields = {"user_id": _USER_IDS, "device_id": _DEVICE_IDS, "triggered_at": _INSTANTS}
    if kind.type is PostbackType.AB_TEST_EVENTS:
        return {**fields, "ab_test_id": _OBJECT_IDS, "variant_id": _OBJECT_IDS}
    carried = _CLICKS if kind.event == "Click" else st.just({})
    return {**fields, "message_id": _OBJECT_IDS, "parameters": carried | parameters()}


def _lived_through(
    event: MessageEvent | AbTestEvent, script: str, moves: int | None, resent: bool
) -> DeliveryHistory:
    with Sandbox() as sandbox:
        inbox = sandbox.inbox("partner")
        inbox.behave(script)
        is_message = isinstance(event, MessageEvent)
        kind = PostbackType.MESSAGE_EVENTS if is_message else PostbackType.AB_TEST_EVENTS
        sandbox.add_postback(f"{inbox.url}?{_WHOLE_QUERY}", kind)
        delivery = sandbox.post_events([event])[0].deliveries[0]
        if moves is None:
            sandbox.run_until_idle()
        for _ in range(moves or 0):
            sandbox.advance_to_next()
        if resent:
            sandbox.resend(delivery.id)
        return sandbox.delivery(delivery.id)


_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_FREE_IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)

#: Each of these has broken a receiver: a plus, percent signs, separators, other scripts.
_TELLING_IDS = (
    "ada",
    "bob",
    "ada+news@example.com",
    "50%25",
    "100%",
    "a b",
    "a&b=c#d?e/f;g",
    "'\"\\<>{}",
    "José",
    "Jose\u0301",
    "🦊",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u202eada",
    "007",
    "None",
)
#: All of that in one, and often, so that hardly a run misses a bug of decoding.
_WORST_IDS = ("Ada+b%2541 &=#é🦊",) * 6
#: What a column, an index or a log cuts off: at and around the lengths that are usual.
_LENGTHS = st.sampled_from([512, 511, 256, 255, 129, 128, 65, 64, 37, 36])
_LONG_IDS = st.builds(
    lambda piece, length: (piece * length)[:length],
    st.sampled_from(["a", "1", "ab-", "é", "🦊", "a+b %25&", "Ab_9", "\u05e9."]),
    _LENGTHS,
)
#: Every shape: ids of other systems, and what spreadsheets, parsers and shells take for something.
_SHAPES = st.sampled_from(
    (
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "d41d8cd98f00b204e9800998ecf8427e",
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ",
        "YWRhK2I=",
        "+4915112345678",
        "ADA@EXAMPLE.COM",
        "ada@example.com ",
        " ada",
        "0",
        "-1",
        "1e309",
        "9007199254740993",
        "true",
        "null",
        "undefined",
        "NaN",
        "[]",
        "{}",
        "..",
        "/",
        "%00",
        "%2e%2e%2f",
        "=1+1",
        "'; --",
        "<b>",
        "I\u0307",
        "ß",
        "\u200b",
        "\ufeffada",
        "🏳️‍🌈",
    )
)
_UNUSUAL_IDS = _LONG_IDS | _SHAPES
_USER_IDS = st.sampled_from(_TELLING_IDS + _WORST_IDS) | _FREE_IDS | _UNUSUAL_IDS
_DEVICE_IDS = (
    st.sampled_from(("7C3A9C52-1F0B-4D8E-9C61-0A5D2B7E4F10", *([""] * 6), *_TELLING_IDS))
    | _FREE_IDS
    | _UNUSUAL_IDS
)
#: Sixteen digits, some of them beyond what a double keeps; few enough to meet again.
_OBJECT_IDS = st.sampled_from(
    ["5838201947316224", "5838201947316225", "9007199254740993", "1000000000000000"]
)

_AGES = st.sampled_from([0, 1, 999, 1000, 86_400_000]) | st.integers(0, 10 * 365 * 86_400_000)
_INSTANTS = _AGES.map(lambda age: DEFAULT_START_AT - timedelta(milliseconds=age))

_CLICKS = st.fixed_dictionaries(
    {
        "index": st.integers(0, 20),
        "url": st.sampled_from(
            [
                "https://example.com/offers",
                "https://example.com/a?b=c&d=e+f%20g#h",
                "https://example.com/?q=\u00fcber",
            ]
        ),
    }
)
_JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.integers(-1000, 1000).map(lambda number: number + 0.25)
    | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)

_KEYS = st.sampled_from(["user", "id", "event", "t", "User_ID", "data[user]"]) | st.text(
    "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.~", min_size=1, max_size=8
)
_MARKS = st.sampled_from([f"{{{{{name}}}}}" for name in PLACEHOLDERS])
_LITERALS = st.sampled_from(["x", "1", "leanplum", "a%20b", "a+b", "%41", "é", "a:b", "~"])
#: Mostly one placeholder; also text, nothing, and several of both without anything between.
_TEMPLATE_VALUES = _MARKS | st.lists(_MARKS | _LITERALS, max_size=3).map("".join)
_WHOLE_QUERY = "&".join(f"{number}={{{{{name}}}}}" for number, name in enumerate(PLACEHOLDERS))

_PAUSES = st.sampled_from(["@1s", "@29.9s", "@30s", "@31s"])
_FAILURES = (
    st.sampled_from(["503", "500", "502", "504", "599"])
    | st.sampled_from(["hang", "reset", "close", "malformed", "drip", "drip@2s"])
    | st.tuples(st.sampled_from(["500", "503"]), _PAUSES).map("".join)
    | st.just("200@31s")
)
_ENDINGS = st.sampled_from(["200", "204", "202", "404", "410", "400", "429"]) | st.sampled_from(
    ["200@29s", "truncated", "drip:body@1s", "redirect:https://example.com/"]
)
