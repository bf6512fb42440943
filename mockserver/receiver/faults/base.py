"""Defines what every fault is: a JSON shape, a shorthand, an answer, a line of docs, checks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, ClassVar, NamedTuple

from msgspec import Meta, Struct

from mockserver.core.durations import DURATION_PATTERN, parse_duration
from mockserver.core.errors import InvalidBehaviour, InvalidValue
from mockserver.receiver.answers import BODILESS, ConnectionField, ReceiverAnswer
from mockserver.receiver.faults.checks import Check

Status = Annotated[int, Meta(ge=100, le=599)]
Times = Annotated[int, Meta(ge=1, description="How many requests it serves.")]
#: Seconds as a number, or text like `31s`.
Duration = Annotated[
    float | str,
    Meta(
        description="Seconds, or text like `31s`.",
        extra_json_schema={"pattern": DURATION_PATTERN, "minimum": 0},
    ),
]


#: How long anything that a behaviour waits for may be; longer than any attempt waits for it.
LONGEST = timedelta(days=365)


class DocLine(NamedTuple):
    """A row of the table in README: shorthand in backticks, and what happens."""

    shorthand: str
    effect: str

    def __str__(self) -> str:
        return f"| {self.shorthand} | {self.effect} |"


class Fault(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """One thing that an inbox can do with a request; the fields are those of its JSON.

    The tag of a subclass is its `kind` in JSON and, unless it overrides `values_of`, its
    shorthand. Its docstring describes it in the OpenAPI document.

    Attributes:
        FORMS: The ways to write it, as an error names them.
        DOCS: Its rows in README.
        PAUSE: The field that `@` sets, e.g. `delay` in `200@31s`.
        STARTS: A pattern that its shorthand begins with; its tag unless given.
        TAKES_COMMAS: Whether what stands behind its colon may hold commas.
    """

    FORMS: ClassVar[tuple[str, ...]]
    DOCS: ClassVar[tuple[DocLine, ...]]
    PAUSE: ClassVar[str] = "delay"
    STARTS: ClassVar[str] = ""
    TAKES_COMMAS: ClassVar[bool] = False

    times: Times = 1
    delay: Duration = 0

    @classmethod
    def tag(cls) -> str:
        """Return its `kind` in JSON."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def values_of(cls, word: str, argument: str) -> dict[str, Any] | None:
        """Return the fields that `word` or `word:argument` sets; None if it is no such fault."""
        return {} if word == cls.tag() and not argument else None

    @property
    def shorthand(self) -> str:
        """Return what `values_of` reads, e.g. `drip:body`."""
        return self.tag()

    @property
    def size(self) -> int:
        """Return about how many bytes it takes, its answer not counted."""
        size = 500
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str):
                size += len(value)
            elif isinstance(value, tuple):
                size += sum(len(key) + len(text) + 200 for key, text in value)
        return size

    @property
    def delay_time(self) -> timedelta:
        """Return how long it waits before anything is sent."""
        return as_timedelta(self.delay)

    @property
    def pause_time(self) -> timedelta:
        """Return what `@` says in its shorthand."""
        return as_timedelta(getattr(self, self.PAUSE))

    def check(self) -> None:
        """Check what its types cannot.

        Raises:
            InvalidBehaviour: It cannot be carried out as it is.
        """
        as_timedelta(self.delay)

    def answer(self, method: str, connection: ConnectionField) -> ReceiverAnswer:
        """Return what a request with `method` is answered with; the delay is added to it."""
        raise NotImplementedError

    @property
    def leaves_answer(self) -> bool:
        """Return whether it says only how an answer is sent, where there is one without it.

        An inbox has none; an API has. If so, `around` is what becomes of that answer.
        """
        return False

    def around(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        """Return how an answer that somebody else has made is sent; the delay is added to it."""
        return answer

    @property
    def forwards_to(self) -> str | None:
        """Return the URL of the endpoint that answers in its place; None if it answers itself."""
        return None

    @staticmethod
    def checks() -> tuple[Check, ...]:
        """Return what `postbacks doctor` looks at to see that it happens."""
        raise NotImplementedError


def as_timedelta(value: float | str) -> timedelta:
    """Return a duration given in seconds or as text.

    Raises:
        InvalidBehaviour: It is negative, longer than `LONGEST`, or no duration.
    """
    try:
        duration = parse_duration(value) if isinstance(value, str) else timedelta(seconds=value)
    except (InvalidValue, OverflowError, ValueError) as error:
        raise InvalidBehaviour(f"the duration of a behaviour cannot be read: {error}") from None
    if duration < timedelta(0):
        raise InvalidBehaviour(f"a behaviour cannot take {value} seconds; 0 is the least")
    if duration > LONGEST:
        raise InvalidBehaviour(f"a behaviour cannot take {value}; {LONGEST.days}d is the most")
    return duration


def check_has_body(status: int) -> None:
    """Refuse a status whose answers have no body.

    Raises:
        InvalidBehaviour: It is 1xx, 204 or 304.
    """
    if status < 200 or status in BODILESS:
        raise InvalidBehaviour(f"an answer with status {status} has no body")


def check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """Refuse header fields that cannot be sent.

    Raises:
        InvalidBehaviour: A name is no token, or a value holds control characters or non-ASCII.
    """
    for name, value in headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise InvalidBehaviour(f"{name!r} is no name of a header field")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) or not value.isascii():
            raise InvalidBehaviour(
                f"header field {name} has a value that cannot be sent: {value!r}"
            )
