"""Reads TOML that a user wrote, and says in plain words what is wrong with it."""

from __future__ import annotations

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML document says.

    Raises:
        ValueError: It is none, or is beyond what can be read; the message says why.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        # Python reads no integer of more than 4,300 digits, unless told.
        raise ValueError("an integer in it has too many digits") from None
