"""Finds the deliveries that a filter wants in the tables of the SQL ledger, page by page.

What is asked of the event is looked for in its text, which only leaves out what cannot fit: the
rest is decided by the filter itself. So not even a filter that fits nothing loads everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.finding import DeliveryFilter, lowered
from mockserver.core.models import Delivery
from mockserver.ledger.protocol import Backwards, LatestPage
from mockserver.ledger.sql import statements
from mockserver.ledger.sql.codec import to_microseconds
from mockserver.ledger.sql.database import Row
from mockserver.ledger.sql.rows import delivery_of

#: Databases take patterns of some length only.
_LONGEST_PATTERN = 1_000

#: More than there can be; some databases have no word for "no limit".
NO_LIMIT = 2**62

#: Runs a statement with its parameters and returns the rows.
Fetch = Callable[[str, Sequence[object]], list[Row]]


def find_deliveries(
    fetch: Fetch, wanted: DeliveryFilter, after: int, limit: int | None
) -> list[Delivery]:
    """Return the first `limit` deliveries with an id after `after` that pass, by id."""
    narrowed = list(_narrowed(wanted))
    text = statements.select_page(tuple(name for name, _ in narrowed))
    values = [value for _, value in narrowed]
    found: list[Delivery] = []
    while True:
        missing = NO_LIMIT if limit is None else limit - len(found)
        read = [delivery_of(row) for row in fetch(text, (after, *values, missing))]
        found += [each for each in read if wanted.accepts_words(each.event, each.url)]
        if len(read) < missing or len(found) == limit:
            return found
        after = read[-1].id


def find_latest(fetch: Fetch, wanted: DeliveryFilter, asked: Backwards) -> LatestPage:
    """Return a page of deliveries, the newest first; see `Ledger.find_latest`."""
    limit, before, look_through = asked
    if before is None:
        ((newest,),) = fetch(statements.NEWEST_ID, ())
        before = (newest or 0) + 1
    # What an index finds is found however far back it is.
    least = 0 if _is_indexed(wanted) else max(0, before - 1 - look_through)
    narrowed = list(_narrowed(wanted))
    text = statements.select_latest(tuple(name for name, _ in narrowed))
    values = [value for _, value in narrowed]
    found: list[Delivery] = []
    while True:
        missing = limit - len(found)
        read = [delivery_of(row) for row in fetch(text, (before, least, *values, missing))]
        found += [each for each in read if wanted.accepts_words(each.event, each.url)]
        if len(read) < missing:
            return LatestPage(found, least + 1 if least else None)
        before = read[-1].id
        if len(found) == limit:
            return LatestPage(found, before if before > 1 else None)


def _is_indexed(wanted: DeliveryFilter) -> bool:
    return wanted == DeliveryFilter(wanted.state, wanted.postback_id, wanted.app_id)


def _narrowed(wanted: DeliveryFilter) -> Iterator[tuple[str, object]]:
    """Yield the filters of `select_page` that leave out most of what is not wanted."""
    if wanted.state is not None:
        yield "state", wanted.state.value
    if wanted.postback_id is not None:
        yield "postback_id", wanted.postback_id
    if wanted.app_id is not None:
        yield "app_id", wanted.app_id
    if wanted.since_at is not None:
        yield "since_at", to_microseconds(wanted.since_at)
    if wanted.until_at is not None:
        yield "until_at", to_microseconds(wanted.until_at)
    if wanted.text is not None and _IS_WRITTEN_AS_IT_IS(wanted.text):
        yield "text", f"%{_escaped(lowered(wanted.text)[:_LONGEST_PATTERN])}%"
    for text in _texts_of(wanted):
        yield "event", f"%{_escaped(text[:_LONGEST_PATTERN])}%"


#: What stands in the text of an event as in the event; the rest JSON writes in its own way.
_IS_WRITTEN_AS_IT_IS = re.compile(r"[ !#-\[\]-~]*").fullmatch


def _escaped(text: str) -> str:
    """Return the pattern that fits `text` only, where `/` takes the meaning from what follows."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _texts_of(wanted: DeliveryFilter) -> Iterator[str]:
    """Yield what the text of a wanted event has in it, as `codec.encode_event` writes it."""
    if wanted.user_id is not None:
        yield f'"user_id":{json.dumps(wanted.user_id)}'
    if wanted.event is not None:
        if wanted.event.channel is None:
            yield f'"type":"{PostbackType.AB_TEST_EVENTS.value}"'
            return
        yield f'"channel":{json.dumps(wanted.event.channel.value)}'
        yield f'"event":{json.dumps(wanted.event.event)}'
        if wanted.event.channel is Channel.IN_APP:
            yield f'"template_name":{json.dumps(wanted.event.template_name)}'
