"""The good endpoint that broken ones are made of, and the store it keeps events in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from contracts.verify.endpoints.shop import PATH, Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock


@pytest.fixture
def store() -> Store:
    return Store()


class Asker:
    """Calls a shop as a server would."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.said: list[tuple[str, list[tuple[str, str]]]] = []

    def ask(self, method: str = "POST", query: str = "user=u-1", path: str = PATH) -> bytes:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        return b"".join(self.shop(environ, lambda *said: self.said.append(said)))

    @property
    def status(self) -> str:
        return self.said[-1][0]


@pytest.fixture
def asker(store: Store) -> Asker:
    return Asker(Shop(store, ManualClock()))


def test_a_postback_is_stored_as_it_was_sent(asker: Asker, store: Store) -> None:
    body = asker.ask(query="user=J%C3%BCrgen%2B%20%2541&device=&event=Open&at=1")
    assert asker.said == [
        ("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    ]
    assert store.rows == [{"user": "Jürgen+ %41", "device": "", "event": "Open", "at": "1"}]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PROPFIND"])
def test_another_method_is_refused_and_stores_nothing(
    asker: Asker, store: Store, method: str
) -> None:
    assert asker.ask(method) == b""
    assert asker.status == "405 Method Not Allowed"
    assert ("Allow", "POST") in asker.said[-1][1]
    assert store.rows == []


def test_another_path_is_not_found(asker: Asker, store: Store) -> None:
    asker.ask(path="/other")
    assert asker.status == "404 Not Found"
    assert store.rows == []


def test_a_duplicate_is_answered_alike_and_stored_once(asker: Asker, store: Store) -> None:
    assert asker.ask() == asker.ask()
    assert asker.said[0] == asker.said[1]
    assert len(store.rows) == 1


@pytest.mark.parametrize("name", ["user", "device", "message", "event", "at"])
def test_events_that_differ_in_one_value_are_two(asker: Asker, store: Store, name: str) -> None:
    asker.ask(query="user=u&device=d&message=1&event=Open&at=1")
    asker.ask(query="user=u&device=d&message=1&event=Open&at=1".replace(f"{name}=", f"{name}=0"))
    assert len(store.rows) == 2


def test_a_head_has_no_body_though_it_says_how_long_one_would_be(store: Store) -> None:
    class TakesHead(Shop):
        def methods(self) -> tuple[str, ...]:
            return ("POST", "HEAD")

    asker = Asker(TakesHead(store, ManualClock()))
    assert asker.ask("HEAD") == b""
    assert ("Content-Length", "9") in asker.said[0][1]


def test_what_is_refused_is_not_stored(store: Store) -> None:
    class RefusesAll(Shop):
        def check(self, row: Row) -> ShopAnswer | None:
            return ShopAnswer(422)

    asker = Asker(RefusesAll(store, ManualClock()))
    asker.ask()
    assert asker.status == "422 Unprocessable Content"
    assert store.rows == []


def test_time_is_spent_on_the_clock() -> None:
    clock = ManualClock()
    before_at = clock.now()
    Shop(Store(), clock).spend(timedelta(seconds=31))
    assert clock.now() - before_at == timedelta(seconds=31)


def test_a_store_keeps_what_it_was_given(store: Store) -> None:
    row = {"user": "u"}
    store.add(row, "u")
    row["user"] = "changed"
    assert store.rows == [{"user": "u"}]


def test_a_store_keeps_one_row_of_an_identity_unless_it_is_told(store: Store) -> None:
    assert store.add({"user": "u"}, "u")
    assert not store.add({"user": "u"}, "u")
    store.add_anyway({"user": "u"})
    assert len(store.rows) == 2


def test_a_store_knows_what_it_has(store: Store) -> None:
    assert not store.has("u")
    store.add({"user": "u"}, "u")
    assert store.has("u")


def test_a_store_can_lose_its_newest_row(store: Store) -> None:
    store.add({"user": "u"}, "u")
    store.add({"user": "v"}, "v")
    store.drop_last()
    assert store.rows == [{"user": "u"}]


def test_of_many_threads_one_stores(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: store.add({"user": "u"}, "u"), range(200)))
    assert new.count(True) == 1
    assert len(store.rows) == 1
