"""What an inbox can do with a request: answer, or fail in one particular way.

Decides: which behaviours exist, how a script of them is written and read. Place in the flow:
the receiver asks for the next behaviour of an inbox as a request arrives. Must not import:
anything but `core`.

A script is walked request by request; its last behaviour stays for ever.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert, to_builtins

from mockserver.core.durations import format_duration, parse_duration
from mockserver.core.errors import InvalidBehaviour, InvalidValue

#: Answers with these have no body, whatever anybody says.
BODILESS = frozenset({204, 304})

Status = Annotated[int, Meta(ge=100, le=599)]
Times = Annotated[int, Meta(ge=1, description="How many requests it serves.")]
#: Seconds as a number, or text like `31s`.
Duration = Annotated[float | str, Meta(description="Seconds, or text like `31s`.")]


class _Behaviour(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    times: Times = 1
    delay: Duration = 0

    @property
    def delay_time(self) -> timedelta:
        """Return how long it waits before anything is sent."""
        return as_timedelta(self.delay)


class StatusAnswer(_Behaviour, frozen=True, tag="status"):
    """Answer with a status, header fields and a body."""

    status: Status = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    body_base64: str = ""


class Redirect(_Behaviour, frozen=True, tag="redirect"):
    """Answer that the endpoint is elsewhere."""

    location: str
    status: Annotated[int, Meta(ge=300, le=399)] = 302


class Hang(_Behaviour, frozen=True, tag="hang"):
    """Take the request and never answer."""


class Reset(_Behaviour, frozen=True, tag="reset"):
    """Reset the connection (TCP RST) instead of answering."""


class Close(_Behaviour, frozen=True, tag="close"):
    """Close the connection without sending a byte."""


class Malformed(_Behaviour, frozen=True, tag="malformed"):
    """Answer with a status line that is not HTTP."""


class Truncated(_Behaviour, frozen=True, tag="truncated"):
    """Declare a longer body than is sent, then close."""

    status: Status = 200
    body: str = "cut off"


class Drip(_Behaviour, frozen=True, tag="drip"):
    """Send the head or the body one byte at a time."""

    part: Literal["headers", "body"] = "headers"
    interval: Duration = 1.0
    status: Status = 200
    body: str = "drip"

    @property
    def interval_time(self) -> timedelta:
        """Return the pause before each byte of the part that drips."""
        return as_timedelta(self.interval)


Behaviour = StatusAnswer | Redirect | Hang | Reset | Close | Malformed | Truncated | Drip
Script = tuple[Behaviour, ...]

#: What an inbox does until it is told otherwise.
DEFAULT_SCRIPT: Script = (StatusAnswer(),)

_FAULTS: dict[str, type[Any]] = {
    "hang": Hang,
    "reset": Reset,
    "close": Close,
    "malformed": Malformed,
    "truncated": Truncated,
    "drip": Drip,
}
_ALLOWED = (
    "a status like 503, hang, reset, close, malformed, truncated, drip, drip:body, "
    "redirect:URL; each with @DELAY (200@31s) and *TIMES (503*9)"
)


def parse_script(script: str | Iterable[Behaviour | dict[str, Any] | str]) -> Script:
    """Return the script that shorthand (`503*9,200`) or a list of behaviours describes.

    Raises:
        InvalidBehaviour: Naming the item that cannot be read, and what is allowed.
    """
    if not isinstance(script, Iterable):
        raise InvalidBehaviour(f"a script is text like '503*9,200', got {script!r}")
    items = _split(script) if isinstance(script, str) else script
    parsed = tuple(
        _parse_item(item.strip(), number) if isinstance(item, str) else _checked(item, number)
        for number, item in enumerate(items, 1)
    )
    if not parsed:
        raise InvalidBehaviour(f"a script needs at least one behaviour: {_ALLOWED}")
    return parsed


def format_script(script: Sequence[Behaviour]) -> str:
    """Return the shorthand of `script`; what shorthand cannot say is left out of it."""
    return ",".join(format_behaviour(behaviour) for behaviour in script)


def format_behaviour(behaviour: Behaviour) -> str:
    """Return one behaviour in shorthand, e.g. `503*9`."""
    text = str(behaviour.__struct_config__.tag)
    pause = behaviour.delay_time
    if isinstance(behaviour, StatusAnswer):
        text = str(behaviour.status)
    elif isinstance(behaviour, Redirect):
        text = f"redirect:{behaviour.location}"
    elif isinstance(behaviour, Drip):
        text = "drip:body" if behaviour.part == "body" else "drip"
        pause = behaviour.interval_time
    at = f"@{format_duration(pause)}" if pause else ""
    times = f"*{behaviour.times}" if behaviour.times > 1 else ""
    return f"{text}{at}{times}"


def as_timedelta(value: float | str) -> timedelta:
    """Return a duration given in seconds or as text.

    Raises:
        InvalidBehaviour: It is negative, or no duration.
    """
    try:
        duration = parse_duration(value) if isinstance(value, str) else timedelta(seconds=value)
    except (InvalidValue, OverflowError, ValueError) as error:
        raise InvalidBehaviour(f"the duration of a behaviour cannot be read: {error}") from None
    if duration < timedelta(0):
        raise InvalidBehaviour(f"a behaviour cannot take {value} seconds; 0 is the least")
    return duration


def body_of(behaviour: StatusAnswer) -> bytes:
    """Return the bytes of the body that a status answer carries."""
    if behaviour.body_base64:
        return base64.b64decode(behaviour.body_base64, validate=True)
    return behaviour.body.encode()


def _split(script: str) -> list[str]:
    # A comma may stand in the URL of a redirect: only one that begins an item separates.
    starts = r"(?:\d{3}|hang|reset|close|malformed|truncated|drip|redirect)\b"
    if "redirect" not in script:
        return script.split(",")
    return re.split(rf",(?=\s*{starts})", script)


def _parse_item(item: str, number: int) -> Behaviour:
    match = re.fullmatch(r"(.*?)(?:@([^@*]+))?(?:\*(\d{1,9}))?", item, re.ASCII)
    assert match is not None, "every part of the pattern is optional"
    name, pause, times = match.groups()
    values: dict[str, Any] = {"times": int(times)} if times else {}
    if pause:
        values["interval" if name.startswith("drip") else "delay"] = pause
    kind, _, argument = name.partition(":")
    if re.fullmatch(r"\d{1,9}", kind, re.ASCII) and not argument:
        values |= {"kind": "status", "status": int(kind)}
    elif kind == "redirect" and argument:
        values |= {"kind": "redirect", "location": argument}
    elif kind == "drip" and argument in ("", "headers", "body"):
        values |= {"kind": "drip", "part": argument or "headers"}
    elif kind in _FAULTS and not argument:
        values |= {"kind": kind}
    else:
        raise InvalidBehaviour(f"item {number} of the script, {item!r}, is none of: {_ALLOWED}")
    return _checked(values, number, item)


def _checked(item: Behaviour | dict[str, Any], number: int, shown: str = "") -> Behaviour:
    try:
        # A struct that was made in Python has not been looked at by anybody yet.
        values = to_builtins(item) if isinstance(item, Struct) else item
        behaviour: Behaviour = convert(values, Behaviour)
        as_timedelta(behaviour.delay)
        if isinstance(behaviour, Drip):
            as_timedelta(behaviour.interval)
        if isinstance(behaviour, StatusAnswer):
            _check_headers(behaviour.headers)
            if behaviour.body and behaviour.body_base64:
                raise InvalidBehaviour("it has both `body` and `body_base64`; give one of them")
            body_of(behaviour)
        if isinstance(behaviour, Hang) and behaviour.delay_time:
            raise InvalidBehaviour("a hang never ends, so it cannot be delayed")
        _check_body(behaviour)
        if isinstance(behaviour, Redirect):
            _check_headers((("Location", behaviour.location),))
    except (ValidationError, InvalidBehaviour, binascii.Error) as error:
        what = f", {shown!r}," if shown else ""
        raise InvalidBehaviour(
            f"item {number} of the script{what} cannot be used: {error}; allowed is {_ALLOWED}"
        ) from None
    return behaviour


def _check_body(behaviour: Behaviour) -> None:
    if isinstance(behaviour, StatusAnswer | Truncated | Drip):
        needs_body = isinstance(behaviour, Truncated)
        needs_body |= isinstance(behaviour, Drip) and behaviour.part == "body"
        has_body = isinstance(behaviour, StatusAnswer) and bool(body_of(behaviour))
        if (needs_body or has_body) and (behaviour.status < 200 or behaviour.status in BODILESS):
            raise InvalidBehaviour(f"an answer with status {behaviour.status} has no body")


def _check_headers(headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise InvalidBehaviour(f"{name!r} is no name of a header field")
        if re.search(r"[\r\n\0]", value) or not value.isascii():
            raise InvalidBehaviour(
                f"header field {name} has a value that cannot be sent: {value!r}"
            )
