"""Gives the type of instants as Python has it, also where a test has frozen the time.

freezegun puts a type of its own in the place of `datetime`, wherever that stands in a module. Two
things must not see it: msgspec, which keeps what the annotations of a shape meant when they were
first read and would ask for instants of that type from then on; and whoever writes instants, since
msgspec writes none of a derived type.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated, Any

from mockserver.core.originals import original

if TYPE_CHECKING:
    Day = datetime.date
    Instant = datetime.datetime
else:
    #: What shapes say in place of `datetime`. freezegun replaces only what is that type itself.
    Instant = Annotated[original(datetime.datetime, "datetime", "datetime"), "an instant"]
    #: And in place of `date`.
    Day = Annotated[original(datetime.date, "datetime", "date"), "a day"]


def plain(instant_at: datetime.datetime) -> datetime.datetime:
    """Return the same instant, of Python's own type."""
    real = _real_type()
    if type(instant_at) is real:
        return instant_at
    return real(  # type: ignore[no-any-return]
        instant_at.year,
        instant_at.month,
        instant_at.day,
        instant_at.hour,
        instant_at.minute,
        instant_at.second,
        instant_at.microsecond,
        instant_at.tzinfo,
        fold=instant_at.fold,
    )


def written(value: Any) -> Any:
    """Return what msgspec writes in place of a value that it does not know; its `enc_hook`.

    Raises:
        NotImplementedError: It is no instant either.
    """
    if isinstance(value, _real_type()):
        return plain(value)
    raise NotImplementedError(f"Encoding objects of type {type(value).__name__} is unsupported")


def _real_type() -> Any:
    return Instant.__origin__  # type: ignore[attr-defined]
