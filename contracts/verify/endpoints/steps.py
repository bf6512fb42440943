"""Builds shops that differ from a good one in one step: a value, an answer, what is stored."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import VALUES, Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: The names of ids in the query of a shop.
IDS = ("user", "device")


class Rewriting(Shop):
    """Changes values after they are decoded."""

    def __init__(
        self,
        store: Store,
        clock: ManualClock,
        rewrite: Callable[[str], str],
        names: Iterable[str] = VALUES,
    ) -> None:
        super().__init__(store, clock)
        self._rewrite = rewrite
        self._names = frozenset(names)

    def parse(self, query: str) -> Row:
        return {
            name: self._rewrite(value) if name in self._names else value
            for name, value in super().parse(query).items()
        }


class Refusing(Shop):
    """Answers 400 to some rows."""

    def __init__(self, store: Store, clock: ManualClock, is_wrong: Callable[[Row], object]) -> None:
        super().__init__(store, clock)
        self._is_wrong = is_wrong

    def check(self, row: Row) -> ShopAnswer | None:
        return ShopAnswer(400) if self._is_wrong(row) else None


class _Dropping(Refusing):
    def check(self, row: Row) -> ShopAnswer | None:
        return self.new(row) if self._is_wrong(row) else None


class _Identifying(Shop):
    def __init__(
        self, store: Store, clock: ManualClock, known_by: Callable[[Row], Hashable]
    ) -> None:
        super().__init__(store, clock)
        self._known_by = known_by

    def identity(self, row: Row) -> Hashable:
        return self._known_by(row)


class _Answering(Shop):
    def __init__(
        self, store: Store, clock: ManualClock, said: Callable[[Row], bytes | None], *, stores: bool
    ) -> None:
        super().__init__(store, clock)
        self._said, self._stores = said, stores

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        body = self._said(self.parse(environ["QUERY_STRING"]))
        if body is None:
            return super().receive(environ)
        if self._stores:
            super().receive(environ)
        return ShopAnswer(200, (("Content-Type", "text/html; charset=utf-8"),), body)


def rewriting(
    name: str,
    change: str,
    rewrite: Callable[[str], str],
    names: Iterable[str] = IDS,
    area: str = "values",
) -> EndpointVariant:
    """Return an endpoint that stores some values otherwise than they were sent."""
    return changed(name, area, change, partial(Rewriting, rewrite=rewrite, names=tuple(names)))


def refusing(
    name: str, change: str, is_wrong: Callable[[Row], object], area: str = "values"
) -> EndpointVariant:
    """Return an endpoint that answers 400 to some postbacks."""
    return changed(name, area, change, partial(Refusing, is_wrong=is_wrong))


def dropping(
    name: str, change: str, is_wrong: Callable[[Row], object], area: str = "store"
) -> EndpointVariant:
    """Return an endpoint that answers 200 to some postbacks and does not store them."""
    return changed(name, area, change, partial(_Dropping, is_wrong=is_wrong))


def identifying(
    name: str, change: str, known_by: Callable[[Row], Hashable], area: str = "repeat"
) -> EndpointVariant:
    """Return an endpoint that takes other postbacks for duplicates than a good one."""
    return changed(name, area, change, partial(_Identifying, known_by=known_by))


def answering(
    name: str, change: str, said: Callable[[Row], bytes | None], *, stores: bool = False
) -> EndpointVariant:
    """Return an endpoint that answers 200 with a body of its own to some postbacks.

    Args:
        name: Its name.
        change: How it differs, as a sentence.
        said: Returns the body, or None for the usual answer.
        stores: Whether it stores what it answers so.
    """
    return changed(name, "answer", change, partial(_Answering, said=said, stores=stores))


def changed(
    name: str, area: str, change: str, make: Callable[[Store, ManualClock], Any]
) -> EndpointVariant:
    """Return an endpoint in this process."""
    return EndpointVariant(name, area, change, in_process(make))
