"""Says what `postbacks serve` must have before others than its user can reach it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from mockserver.config import Config
from mockserver.core.errors import InvalidConfig
from mockserver.core.models import EXAMPLE_KEYS, App


def is_exposed(host: str) -> bool:
    """Return whether other machines may reach what listens at `host`."""
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def generated_token(config: Config) -> str | None:
    """Return a token for the control API, if it needs one and none was chosen."""
    if config.token is not None or not is_exposed(config.host):
        return None
    import secrets

    return secrets.token_urlsafe(24)


def check_keys(config: Config, stored: Iterable[App]) -> None:
    """Check that nobody gets in with a key that stands in Leanplum's documentation.

    Args:
        config: What is to be served.
        stored: The apps that the ledger has from earlier.

    Raises:
        InvalidConfig: Some app has such a key, others can reach it, and it was not allowed.
    """
    if config.allow_example_keys or not is_exposed(config.host):
        return
    # As they will be: those of a file replace stored ones, the example app does not.
    apps = {app.app_id: app for app in config.apps} | {app.app_id: app for app in stored}
    if config.apps_given:
        apps |= {app.app_id: app for app in config.apps}
    known = set(EXAMPLE_KEYS.values())
    open_to_all = [app_id for app_id, app in apps.items() if known & set(app.keys.values())]
    if open_to_all:
        raise InvalidConfig(
            f"others can reach {config.host}, and everybody knows the example keys of the app "
            f"{', '.join(map(repr, sorted(open_to_all)))}; give it keys of its own in a --config "
            'file ([[apps]] with its app_id, and data_export = "..." under [apps.keys]), or pass '
            "--allow-example-keys"
        )
