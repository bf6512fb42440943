"""Applications that receive postbacks: one that is right, and one for each classic bug.

Each is WSGI, keeps what it stores in the list it is given (its database), and reads the
template `?user=...&event=...&message=...&device=...&time=...`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

#: User, message, event, milliseconds.
Entry = tuple[str, str, str, int]

TEMPLATE = (
    "http://partner.test/in?user={{User ID}}&event={{Message event}}&message={{Message ID}}"
    "&device={{Device ID}}&time={{Trigger time}}"
)


class RightPartner:
    """Stores every event once, whatever comes how often, and then says so."""

    def __init__(self, database: list[Entry]) -> None:
        self.database = database

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
    ) -> Iterable[bytes]:
        status = self.receive(self.values_of(environ["QUERY_STRING"]))
        start_response(status, [("Content-Length", "0")])
        return [b""]

    def values_of(self, query: str) -> dict[str, str]:
        return dict(parse_qsl(query, keep_blank_values=True))

    def receive(self, values: dict[str, str]) -> str:
        entry = entry_of(values)
        if entry not in self.database:
            self.database.append(entry)
        return "200 OK"


class CountsRetries(RightPartner):
    """Takes a postback that comes again for another event."""

    def receive(self, values: dict[str, str]) -> str:
        self.database.append(entry_of(values))
        return "200 OK"


class DecodesTwice(RightPartner):
    """Decodes what its framework has decoded already."""

    def values_of(self, query: str) -> dict[str, str]:
        return {name: unquote(value) for name, value in super().values_of(query).items()}


class TakesPlusForSpace(RightPartner):
    """Turns plus signs into spaces after the decoding, when they are real ones."""

    def values_of(self, query: str) -> dict[str, str]:
        return {
            name: value.replace("+", " ")
            for name, value in (
                (name, unquote_plus(value))
                for name, _, value in (pair.partition("=") for pair in query.split("&"))
            )
        }


class DecodesAsLatin1(RightPartner):
    """Reads the bytes of the query as Latin-1."""

    def values_of(self, query: str) -> dict[str, str]:
        return dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))


class FailsAfterStoring(RightPartner):
    """Answers 500 although the event is stored, as when a log line fails after the commit."""

    def receive(self, values: dict[str, str]) -> str:
        super().receive(values)
        return "500 Internal Server Error"


class Forgets(RightPartner):
    """Stores in memory, whatever database it is given."""

    def __init__(self, database: list[Entry]) -> None:
        super().__init__(database)
        database.clear()


class IgnoresEmptyDevices(RightPartner):
    """Takes an empty device id for a mistake, and says 200 to be left in peace."""

    def receive(self, values: dict[str, str]) -> str:
        return super().receive(values) if values.get("device") else "200 OK"


class RefusesEmptyDevices(RightPartner):
    """Takes an empty device id for a mistake, and says 400."""

    def receive(self, values: dict[str, str]) -> str:
        return super().receive(values) if values.get("device") else "400 Bad Request"


class RaisesOnEmoji(RightPartner):
    """Meets an exception at text that its database has no place for."""

    def receive(self, values: dict[str, str]) -> str:
        if max(values["user"]) > "\uffff":
            raise ValueError("Incorrect string value for column 'user'")
        return super().receive(values)


class OneEventAMessage(RightPartner):
    """Recognises what it has by user and message, so a second Open counts as a duplicate."""

    def receive(self, values: dict[str, str]) -> str:
        entry = entry_of(values)
        if not any(known[:3] == entry[:3] for known in self.database):
            self.database.append(entry)
        return "200 OK"


class RefusesDuplicates(RightPartner):
    """Is right, too: what is stored already is answered 409."""

    def receive(self, values: dict[str, str]) -> str:
        if entry_of(values) in self.database:
            return "409 Conflict"
        return super().receive(values)


def entry_of(values: dict[str, str]) -> Entry:
    return values["user"], values["message"], values["event"], int(values["time"])


class SwallowsOutages(RightPartner):
    """Answers 200 also when its database does not take the event."""

    is_down = False

    def receive(self, values: dict[str, str]) -> str:
        if not type(self).is_down:
            super().receive(values)
        return "200 OK"


class AnswersOutages(RightPartner):
    """Answers 503 when its database does not take the event, and gets it again."""

    is_down = False

    def receive(self, values: dict[str, str]) -> str:
        return "503 Service Unavailable" if type(self).is_down else super().receive(values)


class RefusesAlways(RightPartner):
    """Answers 503 to everything."""

    def receive(self, values: dict[str, str]) -> str:
        return "503 Service Unavailable"


class LatestOnly(RightPartner):
    """Drops an event that is older than what it has of the same user."""

    def receive(self, values: dict[str, str]) -> str:
        entry = entry_of(values)
        newest = max((each[3] for each in self.database if each[0] == entry[0]), default=-1)
        return super().receive(values) if entry[3] >= newest else "200 OK"
