"""What is wrong at the end of a test although no assertion failed.

Decides: which of it a test has to answer for, and how it is told. Place in the flow: asked
at the end of a test. Must not import: pytest, the web.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mockserver.core.retry import DeliveryState
from mockserver.testing.failure_text import again, raised_in_words, timeline, tracebacks, wrapped

if TYPE_CHECKING:
    from mockserver.client.wire import Reply
    from mockserver.testing.leanplum import Leanplum

#: What `allow` can name, each with what it lets pass.
ALLOWED = {
    "refused": "calls of Leanplum's API that were refused",
    "lost": "deliveries that were lost after ten attempts",
    "rejected": "deliveries that were rejected at once",
}

#: So many of a kind are told at most.
SHOWN = 10

Kind = Literal["refused", "lost", "rejected"]


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call of Leanplum's API that was answered with an error.

    Attributes:
        query: The query, decoded.
        content: The body.
    """

    method: str
    query: str
    content: bytes
    reply: Reply

    @property
    def message(self) -> str:
        """Return what the API said."""
        try:
            return str(json.loads(self.reply.body)["response"][0]["error"]["message"])
        except (ValueError, KeyError, IndexError, TypeError):
            return self.reply.body.decode("utf-8", "replace")

    @property
    def action(self) -> str:
        """Return the method of the API that was called, if it can be seen."""
        sent = f"{self.query}\n{self.content.decode('utf-8', 'replace')}"
        for name in ("addPostback", "listPostbacks", "deletePostback"):
            if re.search(rf"\b{name}\b", sent):
                return name
        return "a call"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong unnoticed.

    Attributes:
        kind: What `allow` calls it.
        text: What happened, with its cause.
    """

    kind: Kind
    text: str


def problems_of(
    leanplum: Leanplum, refused: list[RefusedCall], said: AbstractSet[int]
) -> list[Problem]:
    """Return what a test has not spoken of, in the order in which it would have met it."""
    found = [Problem("refused", _told(call, leanplum)) for call in refused]
    if not len(leanplum.deliveries):
        return found
    raised = tracebacks(leanplum.partners)
    templates = {rule.postback_id: rule.url for rule in leanplum.postbacks}
    for delivery in leanplum.deliveries:
        if delivery.id in said or delivery.state in (
            DeliveryState.PENDING,
            DeliveryState.DELIVERED,
        ):
            continue
        kind: Kind = "lost" if delivery.state is DeliveryState.LOST else "rejected"
        text = timeline(delivery, templates.get(delivery.postback_id))
        parts = [text, raised_in_words(raised.get(delivery.id)), again(delivery)]
        found.append(Problem(kind, "\n\n".join(part for part in parts if part)))
    return found


def problems_in_words(problems: Iterable[Problem]) -> str:
    """Return problems as text: those that are alike once, and a few of each kind."""
    by_kind: dict[Kind, Counter[str]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, Counter())[problem.text] += 1
    parts = []
    for kind, texts in by_kind.items():
        for text, times in islice(texts.items(), SHOWN):
            parts.append(f"{kind}: {text}" + (f"\n  ({times} times)" if times > 1 else ""))
        more = sum(islice(texts.values(), SHOWN, None))
        if more:
            parts.append(f"... and {more} more {kind}")
    return "\n\n".join(parts)


def _told(call: RefusedCall, leanplum: Leanplum) -> str:
    text = f"refused: {call.action} was refused with {call.reply.status}: {call.message}"
    if call.reply.status == HTTPStatus.FORBIDDEN:
        text += f"; here appId is {leanplum.app_id!r} and clientKey {leanplum.key!r}"
    # The kind stands before it wherever it is shown.
    return wrapped(text).removeprefix("refused: ")
