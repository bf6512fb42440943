"""Breaks endpoints in what they store: less than they answered 2xx to, or more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import PATH, Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock


class _AnswersBeforeItStores(Shop):
    """Holds what it has answered in memory until there is more to do."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._held: list[Row] = []

    def keep(self, row: Row) -> bool:
        while self._held:
            super().keep(self._held.pop())
        self._held.append(row)
        return True


class _StoresEveryThirdTwice(Shop):
    def keep(self, row: Row) -> bool:
        is_new = super().keep(row)
        if is_new and len(self.store.rows) % 3 == 0:
            self.store.add_anyway(row)
        return is_new


class _StoresOnHead(Shop):
    def methods(self) -> tuple[str, ...]:
        return ("POST", "HEAD")


class _StoresOnGet(Shop):
    def methods(self) -> tuple[str, ...]:
        return ("POST", "GET")


class _TakesAnyMethod(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        return self.receive(environ) if environ["PATH_INFO"] == PATH else ShopAnswer(404)


class _ReadsBodyForValues(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return super().receive(dict(environ) | {"QUERY_STRING": body.decode()})


def _storing(name: str, change: str, make: Callable[[Store, ManualClock], Any]) -> EndpointVariant:
    return EndpointVariant(name, "store", change, in_process(make))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _storing(
        "answers-before-it-stores",
        "An event is answered, and stored when the next one arrives.",
        _AnswersBeforeItStores,
    ),
    _storing(
        "stores-every-third-twice", "Every third row is stored twice.", _StoresEveryThirdTwice
    ),
    _storing(
        "reads-body-for-values",
        "Values are looked for in the body, and there are none.",
        _ReadsBodyForValues,
    ),
    _storing("stores-on-head", "A HEAD is taken for a postback.", _StoresOnHead),
    _storing("stores-on-get", "A GET is taken for a postback.", _StoresOnGet),
    _storing("takes-any-method", "Whatever the method is, it is a postback.", _TakesAnyMethod),
)
