"""Makes the bytes of one connection from a seed: what a client might say, and then damaged."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import NamedTuple

_KEYS = "appId=YOUR_APP_ID&clientKey=YOUR_DATA_EXPORT_KEY&apiVersion=1.0.6"
_JSON = b"Content-Type: application/json\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


class Input(NamedTuple):
    """What is sent on one connection, in pieces, and to which port."""

    to_receiver: bool
    pieces: list[bytes]


def input_of(seed: int, number: int) -> Input:
    """Return the input of a connection: the same for the same numbers."""
    random = Random(f"{seed}/{number}")
    to_receiver = random.random() < 0.4
    corpus = RECEIVER if to_receiver else API
    data = b"".join(random.choice(corpus) for _ in range(random.choice([1, 1, 1, 2, 3])))
    for _ in range(random.choice([0, 1, 1, 2, 3, 8, 30])):
        data = _mutated(random, data, corpus)
    data = data[:300_000]
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.choice([0, 0, 1, 4])))
    edges = [0, *cuts, len(data)]
    return Input(to_receiver, [data[a:b] for a, b in pairwise(edges)])


def _mutated(random: Random, data: bytes, corpus: list[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    to = min(len(data), at + random.choice([1, 1, 2, 4, 30, 1000]))
    kind = random.randrange(8)
    if kind == 0:
        return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + random.randbytes(random.choice([1, 4, 50])) + data[at:]
    if kind == 2:
        return data[:at] + data[to:]
    if kind == 3:
        return data[:at] + data[at:to] * random.choice([2, 3, 100, 3000]) + data[to:]
    if kind == 4:
        return data[:at] + random.choice(corpus)[: random.choice([5, 50, 500])] + data[at:]
    if kind == 5:
        return data[:at]
    return data[:at] + random.choice(ODD) + data[to if kind == 6 else at :]


def _request(line: bytes, body: bytes | None = None, fields: bytes = b"") -> bytes:
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    return line + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + length + b"\r\n" + (body or b"")


def _chunked(line: bytes, *chunks: bytes, fields: bytes = b"") -> bytes:
    fields += b"Transfer-Encoding: chunked\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return _request(line, None, fields) + body


def _call(method: str, path: str, body: object = None) -> bytes:
    content = None if body is None else json.dumps(body).encode()
    fields = b"" if body is None else _JSON
    return _request(f"{method} /_sandbox/{path}".encode(), content, fields)


_RULE = f"action=addPostback&{_KEYS}&type=messageEvents&postbackUrl=".encode()
_URL = b"http%3A%2F%2F127.0.0.1%2Fin%3Fu%3D%7B%7BUser%20ID%7D%7D"
_PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'

#: What the API takes.
API: list[bytes] = [
    _request(b"GET /api?" + _RULE + _URL),
    _request(b"POST /api", _RULE + _URL, _FORM),
    _request(f"GET /api?action=listPostbacks&{_KEYS}".encode()),
    _request(f"POST /api?action=deletePostback&{_KEYS}".encode(), b'{"postbackId": 123}', _JSON),
    _chunked(b"POST /api", _RULE, _URL, fields=_FORM),
    _request(
        b"POST /api",
        b"".join(_PART % pair for pair in [(b"action", b"listPostbacks"), (b"appId", b"a")]),
        b"Content-Type: multipart/form-data; boundary=b\r\n",
    ),
    _call("GET", "health"),
    _call("GET", "clock"),
    _call("POST", "clock/advance", {"by": "1h"}),
    _call("POST", "clock/advance", {"to": "2026-01-05T00:00:00Z", "budget": 10}),
    _call("POST", "clock/advance", {"until": "idle"}),
    _call("GET", "events"),
    _call("POST", "events", {"name": "email.click", "user_id": "ada", "parameters": {"a": [1]}}),
    _call("POST", "events", [{"channel": "Email", "event": "Open"}, {"type": "abTestEvents"}]),
    _call("GET", "deliveries?state=pending&after=0&limit=10"),
    _call("GET", "deliveries/1"),
    _call("POST", "deliveries/1/resend", {}),
    _call("GET", "apps/YOUR_APP_ID"),
    _call(
        "PUT",
        "apps/b",
        {"keys": {"data_export": "k"}, "retry": {"delays": ["1h"], "timeout": "30s"}},
    ),
    _call("GET", "inboxes"),
    _call("PUT", "inboxes/a/behaviour", {"behaviour": "200*2,404@1ms,redirect:http://a/"}),
    _call("PUT", "inboxes/a/behaviour", {"behaviour": [{"kind": "drip", "interval": 0.001}]}),
    _call("GET", "inboxes/a/requests?limit=5"),
    _call("DELETE", "inboxes/a"),
    _call("GET", "feed?after=0&timeout=0"),
    _call("POST", "reset", {}),
    _call("GET", "openapi.json"),
]

#: What the receiver takes.
RECEIVER: list[bytes] = [
    _request(b"POST /inbox/a?u=1", b""),
    _request(b"POST /inbox/a/b", b"hello"),
    _request(b"GET /inbox/new-one"),
    _request(b"HEAD /inbox/a"),
    _request(b"POST /elsewhere", b""),
    _request(b"POST http://x/inbox/a", b"", b"Connection: close\r\n"),
    _request(b"POST /inbox/a", b"hi", b"Expect: 100-continue\r\n"),
    _request(b"POST /inbox/a", b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    _request(b"CONNECT a.test:443"),
    _chunked(b"POST /inbox/a", b"hi", b"there"),
    b"POST /inbox/a HTTP/1.0\r\n\r\nx",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]

#: What has broken servers before.
ODD: list[bytes] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    rb"\ud800",
    b"%FF%00",
    b"9" * 19,
    b"9" * 5_000,
    b"9223372036854775808",
    b"1e999",
    b"NaN",
    b"-1",
    b"[" * 2_000,
    b'{"a":' * 500,
    b"{{User ID}}" * 200,
    b"P999999999D",
    b"9999-12-31T23:59:59Z",
    b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Host: [::1\r\n",
    b"X: " + b"x" * 70_000 + b"\r\n",
    b"fffffffffffffffff\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b" HTTP/1.0\r\n",
]
