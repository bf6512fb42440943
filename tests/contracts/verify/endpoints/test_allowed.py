"""Good endpoints that keep, write or show things otherwise: what is said of them, and what is not.

That no MUST fails on one is tested for all good endpoints in `test_good`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime

import pytest

from contracts.suite.vocabulary import Status
from contracts.verify.endpoints.allowed import ALLOWED
from contracts.verify.endpoints.catalog import DEVIANTS
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import Row, Shop
from tests.contracts.verify.endpoints import aiming

every_one = pytest.mark.parametrize("good", ALLOWED, ids=lambda each: str(each.name))


@every_one
def test_an_event_is_stored_once(good: EndpointVariant) -> None:
    with aiming.opened(good) as served:
        postback = served.endpoint.composer.make(suffix=" \xe9+%")
        outcomes = served.endpoint.post([postback.url] * 2)
        assert {(each.status or 0) // 100 for each in outcomes} == {2}
        assert len(served.store.rows) == 1


@every_one
def test_nothing_is_warned_of(good: EndpointVariant) -> None:
    caught = {
        name: result.deviation or result.reason
        for name, result in aiming.results_of(good).items()
        if result.status not in (Status.PASS, Status.SKIP, Status.INFO)
    }
    assert caught == {}


def test_a_ban_is_told_with_what_to_do_against_it() -> None:
    banning = aiming.named(ALLOWED, "good-bans-scanners")
    results = aiming.results_of(banning)
    told = {name for name, each in results.items() if each.status is Status.INFO}
    assert told == {"PB-STORE-POST-ONLY"}
    deviation = results["PB-STORE-POST-ONLY"].deviation
    assert deviation is not None
    assert deviation.actual == "403"
    assert "--only-post" in deviation.why


def test_what_is_no_post_can_be_left_out() -> None:
    banning = aiming.named(ALLOWED, "good-bans-scanners")
    with aiming.opened(banning) as served:
        served.endpoint.only_post = True
        result = aiming.run(served, "PB-STORE-POST-ONLY")
        assert (result.status, result.exchanges) == (Status.SKIP, [])
        assert "--only-post" in result.reason
        assert aiming.run(served, "PB-ANSWER-POST").status is Status.PASS


class _OneWord(Shop):
    """Calls every event the same."""

    def keep(self, row: Row) -> bool:
        return self.store.add(row | {"event": "engaged"}, self.identity(row))


class _NoWord(Shop):
    def keep(self, row: Row) -> bool:
        return self.store.add(row | {"event": ""}, self.identity(row))


@pytest.mark.parametrize(
    ("make", "actual", "why"),
    [
        (_OneWord, "'engaged', which stands for 'Click' as well", "cannot be told any more"),
        (_NoWord, '{"event": ""}', "'event' is not stored as it was sent"),
    ],
)
def test_events_that_cannot_be_told_apart_are_told(
    make: Callable[..., Shop], actual: str, why: str
) -> None:
    with aiming.opened(EndpointVariant("words", "store", "", in_process(make))) as served:
        result = aiming.run(served, "PB-STORE-ONCE")
    assert result.status is Status.FAIL
    assert result.deviation is not None
    assert result.deviation.actual == actual
    assert why in result.deviation.why


def _local(at: datetime, hours: float) -> str:
    return f"{datetime.fromtimestamp(at.timestamp() + 3600 * hours, UTC):%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda at: _local(at, 2), "it names no time zone, and is +2 h off"),
        (lambda at: _local(at, -9.5), "it names no time zone, and is -9.5 h off"),
        (lambda at: f"{_local(at, 1)}+00:00", "it has a zone, and is +1 h off"),
        (lambda at: f"{at:%Y-%m-%d %H:%M:%S}", "its milliseconds are lost"),
        (lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}", "its milliseconds are lost"),
        (lambda at: "yesterday", "'at' is not stored as it was sent"),
    ],
)
def test_a_time_that_is_another_is_told_with_the_reason(
    write: Callable[[datetime], str], why: str
) -> None:
    class Writes(Shop):
        def keep(self, row: Row) -> bool:
            at = datetime.fromtimestamp(int(row["at"]) / 1000, UTC)
            return self.store.add(row | {"at": write(at)}, self.identity(row))

    with aiming.opened(EndpointVariant("times", "values", "", in_process(Writes))) as served:
        result = aiming.run(served, "PB-VALUES-TIME-EXACT")
    assert result.status is Status.FAIL
    assert result.deviation is not None
    assert why in result.deviation.why


@pytest.mark.parametrize("lines", ["user", "device"])
@pytest.mark.parametrize(
    ("lost", "case_id", "missed"),
    [
        ("user", "PB-VALUES-NO-USER", Status.WARN),
        ("device", "PB-VALUES-EMPTY", Status.FAIL),
    ],
)
def test_an_event_without_an_id_is_missed_where_the_probe_would_show_it(
    lines: str, lost: str, case_id: str, missed: Status
) -> None:
    """Of an event without a user, who lists devices sees the device: then it must be there."""

    class Ignores(Shop):
        def keep(self, row: Row) -> bool:
            return super().keep(row) if row.get(lost) else False

    variant = EndpointVariant(
        "ignores",
        "values",
        "",
        in_process(Ignores),
        probe=lambda rows: "".join(row.get(lines, "") + "\n" for row in rows),
    )
    with aiming.opened(variant) as served:
        result = aiming.run(served, case_id)
    assert result.status is (Status.PASS if lines == lost else missed)


def test_who_needs_a_user_is_warned_and_fails_no_must() -> None:
    """Every event is documented to have one."""
    for name in ("needs-a-user-id", "ignores-empty-users"):
        results = aiming.results_of(aiming.named(DEVIANTS, name))
        fine = (Status.PASS, Status.SKIP)
        found = {name: each.status for name, each in results.items() if each.status not in fine}
        assert found == {"PB-VALUES-NO-USER": Status.WARN}


_FIELDS = ("user", "device", "event", "channel", "at")


@pytest.mark.parametrize(
    "names", [("user",), ("device",), ("user", "device"), ("user", "at"), _FIELDS]
)
@pytest.mark.parametrize("form", ["lines", "rows", "own names"])
def test_events_are_told_apart_by_what_is_kept_only(names: tuple[str, ...], form: str) -> None:
    """Whoever keeps some values takes for one event what differs in the others alone."""

    class KeepsThese(Shop):
        def keep(self, row: Row) -> bool:
            kept = {name: row.get(name, "") for name in names}
            return self.store.add(kept, tuple(kept.values()))

    def probe(rows: Sequence[Row]) -> str:
        if form == "lines":
            return "".join("|".join(row.values()) + "\n" for row in rows)
        own = "lp_" if form == "own names" else ""
        return json.dumps([{f"{own}{name}": row[name] for name in row} for row in rows])

    variant = EndpointVariant("keeps-these", "repeat", "", in_process(KeepsThese), probe=probe)
    with aiming.opened(variant) as served:
        for name in ("PB-REPEAT-DISTINCT", "PB-REPEAT-NEAR"):
            assert aiming.run(served, name).status in (Status.PASS, Status.SKIP)
        near = aiming.run(served, "PB-REPEAT-NEAR")
        assert (near.status is Status.PASS) == bool({"user", "device"} & set(names))


@pytest.mark.parametrize("lost", ["user", "device", "at", "event", "parameters"])
def test_what_is_kept_and_not_told_apart_is_told(lost: str) -> None:
    class Forgets(Shop):
        def identity(self, row: Row) -> Hashable:
            return tuple(value for name, value in row.items() if name != lost)

    with aiming.opened(EndpointVariant("forgets", "repeat", "", in_process(Forgets))) as served:
        assert aiming.run(served, "PB-REPEAT-DISTINCT").status is Status.FAIL
