"""Reads and writes scripts: what an inbox does with its requests, one behaviour after another.

A script is walked request by request; its last behaviour stays for ever. Each module of `faults`
adds one behaviour; its struct can be imported from here, e.g. `Stall`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, ValidationError, convert, to_builtins

from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidBehaviour
from mockserver.net.built_once import BUILDING
from mockserver.receiver.faults.base import Fault
from mockserver.receiver.faults.registry import all_faults, allowed, behaviour_type
from mockserver.receiver.faults.status import StatusAnswer

if TYPE_CHECKING:
    Behaviour = Fault

Script = tuple[Fault, ...]

#: What an inbox does until it is told otherwise.
DEFAULT_SCRIPT: Script = (StatusAnswer(),)


def __getattr__(name: str) -> Any:
    """Return the struct of a fault, e.g. `Stall`, or `Behaviour`, the type of all of them.

    Raises:
        AttributeError: There is no such fault.
    """
    if name == "Behaviour":
        return behaviour_type()
    for fault in () if name.startswith("_") else all_faults().values():
        if fault.__name__ == name:
            return fault
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: How many behaviours a script may have.
MOST_BEHAVIOURS = 10_000
_LONGEST_SHOWN = 100


def parse_script(script: str | Iterable[Behaviour | dict[str, Any] | str]) -> Script:
    """Return the script that shorthand (`503*9,200`) or a list of behaviours describes.

    Raises:
        InvalidBehaviour: Naming the item that cannot be read, and what is allowed.
    """
    if not isinstance(script, Iterable):
        raise InvalidBehaviour(f"a script is text like '503*9,200', got {script!r}")
    items = list(_split(script) if isinstance(script, str) else script)
    if len(items) > MOST_BEHAVIOURS:
        raise InvalidBehaviour(
            f"a script may have {MOST_BEHAVIOURS} behaviours, this one has {len(items)}; write "
            "503*9 for the same one nine times"
        )
    parsed = tuple(
        _parse_item(item.strip(), number) if isinstance(item, str) else _checked(item, number)
        for number, item in enumerate(items, 1)
    )
    if not parsed:
        raise InvalidBehaviour(f"a script needs at least one behaviour: {allowed()}")
    return parsed


def format_script(script: Sequence[Behaviour]) -> str:
    """Return the shorthand of `script`; what shorthand cannot say is left out of it."""
    return ",".join(format_behaviour(behaviour) for behaviour in script)


def format_behaviour(behaviour: Behaviour) -> str:
    """Return one behaviour in shorthand, e.g. `503*9`."""
    pause = behaviour.pause_time
    at = f"@{format_duration(pause)}" if pause else ""
    times = f"*{behaviour.times}" if behaviour.times > 1 else ""
    return f"{behaviour.shorthand}{at}{times}"


def _split(script: str) -> list[str]:
    # A comma may stand in the URL of a redirect: only one that begins an item separates.
    if not any(fault.TAKES_COMMAS and fault.tag() in script for fault in all_faults().values()):
        return script.split(",")
    starts = "|".join(fault.STARTS or re.escape(fault.tag()) for fault in all_faults().values())
    return re.split(rf",(?=\s*(?:{starts})\b)", script)


def _parse_item(item: str, number: int) -> Behaviour:
    match = re.fullmatch(r"(.*?)(?:@([^@*]+))?(?:\*(\d{1,9}))?", item, re.ASCII | re.DOTALL)
    assert match is not None, "every part of the pattern is optional"
    name, pause, times = match.groups()
    word, _, argument = name.partition(":")
    for tag, fault in all_faults().items():
        values = fault.values_of(word, argument)
        if values is not None:
            if pause:
                values[fault.PAUSE] = pause
            if times:
                values["times"] = int(times)
            return _checked(values | {"kind": tag}, number, item)
    raise InvalidBehaviour(
        f"item {number} of the script, {item[:_LONGEST_SHOWN]!r}, is none of: {allowed()}"
    )


def _checked(item: Behaviour | dict[str, Any], number: int, shown: str = "") -> Behaviour:
    try:
        # A struct that was made in Python has not been looked at by anybody yet.
        values = to_builtins(item) if isinstance(item, Struct) else item
        with BUILDING:
            behaviour: Behaviour = convert(values, behaviour_type())
        behaviour.check()
    except (ValidationError, InvalidBehaviour, UnicodeEncodeError, RecursionError) as error:
        what = f", {shown[:_LONGEST_SHOWN]!r}," if shown else ""
        raise InvalidBehaviour(
            f"item {number} of the script{what} cannot be used: {_in_words(error)}; allowed is "
            f"{allowed()}"
        ) from None
    return behaviour


def _in_words(error: Exception) -> str:
    """Return what is wrong without the words of msgspec where they name types of Python."""
    found = re.fullmatch(r"Expected `(?:int|float)` ([<>])= (\d+) - at `\$\.(\w+)`", str(error))
    if found is None:
        return str(error)
    return f"its {found[3]} must be {'at most' if found[1] == '<' else 'at least'} {found[2]}"
