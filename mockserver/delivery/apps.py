"""Keeps the apps of a sandbox: those it was given, the one that is meant if none is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from mockserver.core.errors import InvalidValue, LedgerUnusable
from mockserver.core.limits import MOST_APPS, TooMuch
from mockserver.core.models import App
from mockserver.delivery.intake import find_app
from mockserver.ledger.protocol import Ledger


class DeletedApp(NamedTuple):
    """What went with an app.

    Attributes:
        rules: How many rules.
        deliveries: How many deliveries, with their attempts.
        comes_back: Whether the app is one that the sandbox was given, so that it is there again
            after the next start or `reset(everything=True)`.
    """

    rules: int
    deliveries: int
    comes_back: bool


class ReadableApps(NamedTuple):
    """The apps that can be read, and for each that cannot, a line that says so."""

    apps: list[App]
    problems: list[str]


def readable_apps(ledger: Ledger) -> ReadableApps:
    """Return the apps of `ledger`, whatever another program has made of some of them."""
    try:
        return ReadableApps(ledger.apps(), [])
    except LedgerUnusable:
        pass
    apps: list[App] = []
    problems: list[str] = []
    for app_id in ledger.app_ids():
        try:
            app = ledger.app(app_id)
        except LedgerUnusable as error:
            problems.append(str(error))
        else:
            if app is not None:
                apps.append(app)
    return ReadableApps(apps, problems)


def check_fits(app: App, app_ids: Collection[str]) -> None:
    """Check that an app may be put beside those that there are, or in the place of one.

    Raises:
        InvalidValue: Its retry policy takes more than ten years.
        TooMuch: There are as many apps as there may be.
    """
    app.retry.check_length()
    if app.app_id not in app_ids and len(app_ids) >= MOST_APPS:
        raise TooMuch(
            f"there are {MOST_APPS:,} apps, which is the maximum; delete one first, with "
            "`postbacks apps delete` (DELETE /_sandbox/apps/<app id>)"
        )


class Apps:
    """The apps of one ledger.

    Args:
        ledger: What keeps them; those of `given` that it has not are put there.
        given: The apps that exist at every start. The first is meant if none is named.

    Raises:
        InvalidValue: There is none, or the retry policy of one takes more than ten years.
    """

    def __init__(self, ledger: Ledger, given: Iterable[App]) -> None:
        self.given = tuple(given)
        if not self.given:
            raise InvalidValue("a sandbox needs at least one app")
        self._ledger = ledger
        known = frozenset(ledger.app_ids())
        for app in self.given:
            app.retry.check_length()
            if app.app_id not in known:
                ledger.put_app(app)

    @property
    def default_id(self) -> str:
        """Return the id of the app that is meant if none is named; the first of what is left."""
        app_ids = self._ledger.app_ids()
        return next((app.app_id for app in self.given if app.app_id in app_ids), app_ids[0])

    def find(self, app_id: str | None) -> App:
        """Return an app, the default one unless named.

        Raises:
            UnknownApp: There is no such app.
        """
        if app_id is None:
            app_id = self.given[0].app_id
            if self._ledger.app(app_id) is None:
                app_id = self.default_id
        return find_app(self._ledger, app_id)

    def delete(self, app_id: str) -> DeletedApp:
        """Delete an app with its rules and its deliveries.

        Raises:
            LastApp: It is the only one.
            UnknownApp: There is no such app.
        """
        while (removed := self._ledger.delete_app(app_id)) is None:
            # Raises, unless somebody has added it a moment ago.
            find_app(self._ledger, app_id)
        comes_back = any(app.app_id == app_id for app in self.given)
        return DeletedApp(*removed, comes_back)
