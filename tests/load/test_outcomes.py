"""What workers have counted can be added, to the last postback."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mockserver.load.outcomes import Second, Totals

#: Planned second, latency and service time in microseconds, how it ended, whether it is retried.
ENDS = st.tuples(
    st.integers(0, 4),
    st.integers(0, 40_000_000),
    st.integers(0, 30_000_000),
    st.sampled_from(["200", "204", "404", "503", "timeout", "reset"]),
)


def count(totals: Totals, end: tuple[int, int, int, str]) -> None:
    second, latency, service, how = end
    planned = totals.second(second)
    planned.planned += 1
    planned.sent += 1
    planned.latency.record(latency)
    totals.latency.record(latency)
    totals.service.record(service)
    totals.lag.record(max(0, latency - service))
    if how.isdigit():
        totals.statuses[how] = totals.statuses.get(how, 0) + 1
        how = f"{how[0]}xx"
    else:
        totals.errors[how] = totals.errors.get(how, 0) + 1
    planned.ends[how] = planned.ends.get(how, 0) + 1
    planned.reached += how == "2xx"
    planned.to_retry += how in ("5xx", "timeout", "reset")
    totals.beyond = [
        n + (latency > limit * 10**6) for n, limit in zip(totals.beyond, (1, 10, 30), strict=True)
    ]


@given(ends=st.lists(ENDS, max_size=40), parts=st.integers(1, 4), data=st.data())
def test_parts_together_are_the_whole(
    ends: list[tuple[int, int, int, str]], parts: int, data: st.DataObject
) -> None:
    whole, split = Totals(), [Totals() for _ in range(parts)]
    for end in ends:
        count(whole, end)
        count(split[data.draw(st.integers(0, parts - 1))], end)
    together = Totals()
    for part in split:
        together.add(Totals.from_json(json.loads(json.dumps(part.as_json()))))
    assert together == whole
    assert together.planned == together.sent == together.ended == len(ends)
    assert together.delivered + together.failed == len(ends)


def test_a_second_tells_what_failed() -> None:
    second = Second(planned=10, unsent=2, ends={"2xx": 3, "5xx": 1, "timeout": 1})
    assert (second.ended, second.failed) == (5, 4)


def test_examples_keep_what_was_said_first() -> None:
    one, other = Totals(examples={"reset": "a"}), Totals(examples={"reset": "b", "dns": "c"})
    one.add(other)
    assert one.examples == {"reset": "a", "dns": "c"}


def test_reasons_and_cut_ones_are_added() -> None:
    one, other = (
        Totals(unsent={"late": 2}, cut=1, slow=1),
        Totals(unsent={"late": 3, "x": 1}, cut=2),
    )
    one.add(other)
    assert (one.unsent, one.cut, one.slow) == ({"late": 5, "x": 1}, 3, 1)
