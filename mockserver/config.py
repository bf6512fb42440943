"""Reads what `postbacks serve` is told by flags, the environment and a file.

A flag beats the environment, the environment beats the file, the file beats the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from mockserver.core.assumed import UnknownApp, UnknownPostback
from mockserver.core.errors import InvalidConfig
from mockserver.core.limits import MOST_OF_FEED, MOST_OF_SCRIPTS
from mockserver.core.models import App
from mockserver.core.send_to import first_near
from mockserver.core.toml_text import parse_toml
from mockserver.ledger.opening import below
from mockserver.net.user_file import read_user_file
from mockserver.schema.fitting import Misfit, fit, place_of
from mockserver.schema.settings import SETTINGS, ConfigFile, Values, setting_of, values_in

#: Settings that name a file, from the folder of the configuration file on.
_PATHS = frozenset({"tls_cert", "tls_key", "ca_file"})
#: The flags that are not called like their setting: one name is given at a time.
_FLAGS: Mapping[str, str] = {"allow_hosts": "allow_host"}
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
        send_to: The hosts that postbacks go to besides this machine and private networks; `*` is
            every host. With `addresses` `public`, the only public ones, unless there is none.
        allow_example_keys: Whether the keys of the documentation's examples open a sandbox that
            others can reach.
        tls: Whether API and receiver speak TLS with a certificate that is made on the spot.
        tls_cert: The path of a PEM file with the certificate they speak TLS with, if so.
        tls_key: The path of a PEM file with its private key; None if `tls_cert` has it as well.
        ca_file: The path of a PEM file with certificates to trust, beside the system's, when a
            postback goes to an https URL.
        insecure: Whether no certificate is checked then.
        unknown_app: What a call of an app that does not exist is answered.
        unknown_postback: What the deletion of a rule that does not exist is answered.
        journal_requests: How many received requests are kept.
        journal_bytes: How many bytes of received requests are kept.
        feed_bytes: How many bytes of what happened are kept for those who watch.
        behaviour_bytes: How many bytes the behaviours of all inboxes may take.
        capacity: How many postbacks may be under way at a time.
        addresses: `local` lets postbacks go to loopback and private addresses too, `public`
            to public ones only.
        keep: How long finished deliveries are kept, in sandbox time; None for ever.
        keep_deliveries: How many finished deliveries are kept; None for all.
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
    send_to: tuple[str, ...] = ()
    allow_example_keys: bool = False
    tls: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    ca_file: str | None = None
    insecure: bool = False
    unknown_app: UnknownApp = "invalid-key"
    unknown_postback: UnknownPostback = "warning"
    journal_requests: int = 10_000
    journal_bytes: int = 64 * 1024 * 1024
    feed_bytes: int = MOST_OF_FEED
    behaviour_bytes: int = MOST_OF_SCRIPTS
    capacity: int = 64
    addresses: Literal["local", "public"] = "local"
    keep: timedelta | None = None
    keep_deliveries: int | None = None
    apps: tuple[App, ...] = (App(),)
    apps_given: bool = False

    @property
    def named_hosts(self) -> tuple[str, ...] | None:
        """Return the hosts that postbacks go to besides near ones; None if they go to any."""
        if "*" in self.send_to or (self.addresses == "public" and not self.send_to):
            return None
        return self.send_to


def load_config(
    flags: Mapping[str, str | bool], environment: Mapping[str, str], file: str | None = None
) -> Config:
    """Return the configuration that flags, environment and file add up to.

    Args:
        flags: Values as typed on the command line, by setting; only those that were given.
        environment: E.g. `os.environ`; variables other than those of a setting are ignored.
        file: The path of a TOML file; `POSTBACKS_CONFIG` names one too.

    Raises:
        InvalidConfig: The message names the flag, the variable, or file and key, and what was
            expected.
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
    near = first_near(config.send_to) if config.addresses == "public" else None
    if near is not None:
        raise InvalidConfig(
            f"send_to has {near!r}, which is on this machine or in a private network, where "
            'nothing is sent while addresses is "public"; leave one of them out'
        )
    if config.tls_key is not None and config.tls_cert is None:
        raise InvalidConfig(
            "tls_key needs tls_cert, the file with the certificate that the key belongs to"
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
        name: _read_setting(name, value, f"--{_FLAGS.get(name, name).replace('_', '-')}")
        for name, value in flags.items()
    }


def variables() -> dict[str, str]:
    """Return the environment variable of each setting, by setting."""
    return {name: f"{PREFIX}{name.upper()}" for name in SETTINGS}


def _read_environment(environment: Mapping[str, str]) -> Values:
    return {
        name: _read_setting(name, environment[variable], variable)
        for name, variable in variables().items()
        if environment.get(variable)
    }


def _read_setting(name: str, text: str | bool, given_by: str) -> Any:
    try:
        return setting_of(name, text)
    except Misfit as misfit:
        place = given_by + place_of(misfit.path[1:], first=1)
        raise InvalidConfig(f"{place}{misfit.reason}") from None


def _read_file(path: Path) -> Values:
    try:
        content: Mapping[str, Any] = parse_toml(read_user_file(path).decode("utf-8-sig"))
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    except ValueError as error:
        raise InvalidConfig(f"{path} is not TOML: {error}") from None
    try:
        values = values_in(fit(content, ConfigFile))
    except Misfit as misfit:
        # Tables and items are counted from 1, as they are read.
        place = place_of(misfit.path, first=1)
        raise InvalidConfig(f"{path}: {place}{misfit.reason}") from None
    if "db" in values:
        # Whoever starts the sandbox from elsewhere means the same file.
        values["db"] = below(path.parent, values["db"])
    for name in sorted(_PATHS.intersection(values)):
        try:
            values[name] = str(path.parent / Path(values[name]).expanduser())
        except RuntimeError:
            raise InvalidConfig(
                f"{path}: server.{name} begins with the home of a user who is not known here; "
                "write the whole path"
            ) from None
    return values
