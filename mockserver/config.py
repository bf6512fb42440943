"""What `postbacks serve` is told: by flags, the environment, a file, or not at all.

Decides: which settings exist, and who wins: a flag beats the environment, the environment
beats the file, the file beats the default. Place in the flow: read once, before anything is
started. Must not import: click, the sandbox, servers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from mockserver.config_values import (
    LIMITS,
    SERVER,
    Reader,
    Table,
    Values,
    apps_in,
    read_table,
    read_text,
)
from mockserver.core.errors import InvalidConfig
from mockserver.core.models import App
from mockserver.ledger.opening import below

#: What a setting's environment variable begins with.
PREFIX = "POSTBACKS_"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything `postbacks serve` can be told.

    Attributes:
        host: Where the API and the receiver listen.
        port: Of the API; 0 picks a free one.
        receiver_port: Of the receiver; 0 picks a free one.
        db: A path or a database URL; None for the default place, unless `ephemeral`.
        ephemeral: Whether everything is kept in memory.
        start: The first instant of the clock, aware UTC; None for where it stood.
        rate: Sandbox seconds that pass in one real second.
        real_timeout: How long a foreign endpoint is waited for, in real time.
        token: What the control API needs as bearer token; None for nothing.
        allow_hosts: Names, beside loopback ones and addresses, that the API answers for.
        journal_requests: How many received requests are kept.
        journal_bytes: How many bytes of received requests are kept.
        capacity: How many postbacks may be under way at a time.
        addresses: `local` lets postbacks go to loopback and private addresses too, `public`
            to public ones only.
        apps: The apps of the file; the one of the documentation's examples if there is none.
        apps_given: Whether the file has apps, which then replace stored ones.
    """

    host: str = "127.0.0.1"
    port: int = 8780
    receiver_port: int = 8781
    db: str | None = None
    ephemeral: bool = False
    clock: Literal["running", "manual"] = "running"
    start: datetime | None = None
    rate: float = 1.0
    real_timeout: timedelta = timedelta(seconds=30)
    token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    journal_requests: int = 10_000
    journal_bytes: int = 64 * 1024 * 1024
    capacity: int = 64
    addresses: Literal["local", "public"] = "local"
    apps: tuple[App, ...] = (App(),)
    apps_given: bool = False


def load_config(
    flags: Mapping[str, str | bool], environment: Mapping[str, str], file: str | None = None
) -> Config:
    """Return the configuration that flags, environment and file add up to.

    Args:
        flags: Values as typed on the command line, by setting; only those that were given.
        environment: E.g. `os.environ`; variables other than those of a setting are ignored.
        file: The path of a TOML file; `POSTBACKS_CONFIG` names one too.

    Raises:
        InvalidConfig: Naming the flag, variable or file and key, and what was expected.
    """
    path = file or environment.get(f"{PREFIX}CONFIG") or None
    values: Values = {}
    if path is not None:
        _overlay(values, _read_file(Path(path)), path)
    _overlay(values, _read_environment(environment), "the environment")
    _overlay(values, _read_flags(flags), "the command line")
    config = Config(**values)
    if config.rate != 1 and config.clock == "manual":
        raise InvalidConfig(
            f"a rate of {config.rate:g} needs a running clock, a manual one stands still; "
            "use --clock running, or leave the rate out"
        )
    return config


def _overlay(below: Values, above: Values, where: str) -> None:
    """Put `above` over `below`; of db and ephemeral the later one counts."""
    if above.get("ephemeral") and above.get("db"):
        raise InvalidConfig(
            f"{where} asks for db and ephemeral at once; keep one: ephemeral stores nothing"
        )
    if above.get("ephemeral"):
        below["db"] = None
    if above.get("db"):
        below["ephemeral"] = False
    below.update(above)


def _read_flags(flags: Mapping[str, str | bool]) -> Values:
    return {
        name: value
        if isinstance(value, bool)
        else read_text(value, _SETTINGS[name], f"--{name.replace('_', '-')}")
        for name, value in flags.items()
    }


def _read_environment(environment: Mapping[str, str]) -> Values:
    found: Values = {}
    for name, kind in _SETTINGS.items():
        variable = f"{PREFIX}{name.upper()}"
        if environment.get(variable):
            found[name] = read_text(environment[variable], kind, variable)
    return found


def _read_file(path: Path) -> Values:
    try:
        content: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(f"{path} is not TOML: {error}") from None
    top = read_table(content, _TOP, f"{path}:")
    values: Values = top.get("server", {}) | top.get("limits", {})
    if "db" in values:
        # Whoever starts the sandbox from elsewhere means the same file.
        values["db"] = below(path.parent, values["db"])
    if "apps" in top:
        values |= {"apps": top["apps"], "apps_given": True}
    return values


_SETTINGS = {**SERVER, **LIMITS}
_TOP: Mapping[str, Reader] = {"server": Table(SERVER), "limits": Table(LIMITS), "apps": apps_in}
