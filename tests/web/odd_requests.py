"""Requests with one or more odd values in them: to every operation of the control API, and to /api.

The operations are read from the OpenAPI document, so a new one is tried without being named here.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from flask import Flask
from werkzeug.test import run_wsgi_app

from mockserver.web.routes import PREFIX


class Raw(str):
    """JSON that no encoder would write."""


#: What stands in a query, a form or a path; bytes that are no UTF-8 among it.
ODD_BYTES: list[bytes] = [
    b"",
    b"-1",
    b"0",
    b"0.5",
    b"1e999",
    b"nan",
    b"-inf",
    str(2**31).encode(),
    str(2**63 - 1).encode(),
    str(2**63).encode(),
    str(2**64).encode(),
    str(-(2**63) - 1).encode(),
    b"9" * 5000,
    "٣".encode(),
    b"true",
    b"null",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\x00",
    b"a\r\nb: c",
    "\u2028\u202e\U0001f642".encode(),
    b"x" * 5_000,
    b"../../etc",
    b"{{User ID}}{{{",
    b"P999999999D",
    b"999999999h",
    b"9" * 5000 + b"h",
    b"9999-12-31T23:59:59.999999Z",
    b"9999-12-31T23:59:59-14:00",
    b"0001-01-01T00:00:00Z",
    b"0001-01-01T00:00:00+14:00",
    b"2026-01-01T00:00:00",
    b"redirect:http://a/\r\nX: y",
    "redirect:http://a/é".encode(),
    b"200@P999999999D",
    b"drip@999999999d",
    b"503*999999999",
    b"%" * 50,
    b"[" * 3_000,
]

#: The same in JSON, and what only JSON can say.
ODD_JSON: list[Raw] = [
    *(Raw(json.dumps(value.decode("utf-8", "surrogateescape"))) for value in ODD_BYTES),
    Raw(r'"\ud800"'),
    Raw(r'"\udc00"'),
    Raw(r'"a\udc00\ud800b"'),
    Raw(r'{"\ud800": 1}'),
    Raw("1e999"),
    Raw("-1e999"),
    Raw("1e308"),
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-0.0"),
    Raw("0.5"),
    Raw("-1"),
    Raw("0"),
    Raw(str(2**63 - 1)),
    Raw(str(2**63)),
    Raw(str(2**64)),
    Raw(str(-(2**63) - 1)),
    Raw("9" * 4_000),
    Raw("9" * 5_000),
    Raw("1" + "0" * 400 + ".0"),
    Raw("null"),
    Raw("true"),
    Raw("[]"),
    Raw("{}"),
    Raw('[{"kind": "status", "delay": 1e308}]'),
    Raw('[{"kind": "status", "delay": "P999999999D"}]'),
    Raw('[{"kind": "drip", "interval": 80000000000000, "body": "' + "x" * 1000 + '"}]'),
    Raw('[{"kind": "redirect", "location": "http://a/\\r\\nX: y"}]'),
    Raw('[{"kind": "status", "headers": [["a", "\\u0007"]]}]'),
    Raw('[{"kind": "status", "body": "\\ud800"}]'),
    Raw('[{"kind": "status", "body_base64": "\\u00e9"}]'),
    Raw('["70000000h"]'),
    Raw('["P999999999D", "P999999999D"]'),
    Raw("[" * 90 + "]" * 90),
    Raw("[" * 500 + "]" * 500),
    Raw("[" * 900 + "]" * 900),
    Raw('{"a":' * 900 + "1" + "}" * 900),
    Raw("[" * 100_000 + "]" * 100_000),
    Raw("[" * 100_000),
    Raw('{"a":' * 300 + r'"\ud800"' + "}" * 300),
    Raw('"' + "x" * 100_000 + '"'),
]

#: Bodies that are no JSON at all.
ODD_BODIES: list[bytes] = [
    b"",
    b"\xff\xfe{}",
    b'{"name": "\xff"}',
    '{"name": "email.click"}'.encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b'{"name": "email.click"',
    b"{} {}",
    b"\x00" * 10,
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"9" * 5_000,
    b'"\\ud800"',
    b'{"\\ud800": 1}',
    b"a=b",
]

ODD_CONTENT_TYPES: list[str] = [
    "",
    "application/json; charset=\xff",
    "application/json; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff\xe9",
    "multipart/form-data; boundary=" + "x" * 300,
    'multipart/form-data; boundary="a b"',
    "multipart/form-data; boundary*=utf-8''%ff",
    "application/x-www-form-urlencoded; charset=no-such",
    "text/plain",
    "\x07/;;=",
]

ODD_HEADERS: list[str] = [
    "",
    "\xff\xfe",
    "\x00",
    "a" * 10_000,
    "Bearer \xe9",
    ";=,\"'",
    "[::1",
    "[",
    ":",
]


class Call(NamedTuple):
    """One request as it stands on the wire, and what is odd about it."""

    what: str
    method: str
    path: bytes
    query: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


def send(app: Flask, call: Call) -> Answer:
    """Have the application answer, as a server would."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path.decode("latin-1"),
        "QUERY_STRING": call.query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8780",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
    }
    if call.body is not None:
        environ["CONTENT_LENGTH"] = str(len(call.body))
        environ["CONTENT_TYPE"] = "application/json"
    for name, value in call.headers:
        environ[name] = value
    content, status, headers = run_wsgi_app(app, environ)
    return Answer(int(status.split()[0]), headers.get("Content-Type", ""), b"".join(content))


class Operation(NamedTuple):
    """One operation of the control API, with a body that fits, and the places in it."""

    method: str
    path: str
    path_parameters: list[str]
    query_parameters: list[str]
    bodies: list[Any]

    def call(self, what: str, **changed: Any) -> Call:
        path = self.path
        for name in self.path_parameters:
            usual = {"app_id": "YOUR_APP_ID"}.get(name, "1")
            path = path.replace(f"{{{name}}}", changed.get("path", {}).get(name, usual))
        query = b"&".join(
            name.encode() + b"=" + quote_from_bytes(value).encode()
            for name, value in changed.get("query", {}).items()
        )
        body = changed.get("body")
        if body is None and self.bodies:
            body = written(self.bodies[0]).encode()
        where = f"{self.method} {self.path}, {what}"
        return Call(where, self.method, path.encode("latin-1"), query, (), body)


def operations(document: dict[str, Any]) -> list[Operation]:
    """Return every operation that an OpenAPI document describes."""
    schemas = document["components"]["schemas"]
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            places: dict[str, list[str]] = {"path": [], "query": []}
            for parameter in operation["parameters"]:
                places[parameter["in"]].append(parameter["name"])
            bodies = []
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                bodies = [sample(variant, schemas) for variant in variants(schema, schemas)]
            found.append(Operation(method.upper(), path, places["path"], places["query"], bodies))
    assert len(found) > 15
    return found


def variants(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a schema allows, one by one."""
    if "$ref" in schema:
        return variants(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for name in ("anyOf", "oneOf"):
        if name in schema and "properties" not in schema:
            return [each for part in schema[name] for each in variants(part, schemas)]
    return [schema]


def sample(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return a value of every part that a schema knows; it need not fit as a whole."""
    schema = variants(schema, schemas)[0]
    if "properties" in schema:
        return {name: sample(part, schemas) for name, part in schema["properties"].items()}
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        items = schema.get("items")
        return [sample(items, schemas)] if items else []
    values = {"integer": 1, "number": 1, "boolean": True, "object": {"a": 1}, "string": "1h"}
    return values.get(schema.get("type", "string"))


def written(value: Any) -> str:
    """Return a value as JSON, with everything `Raw` in it as it is."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(item) for item in value) + "]"
    return json.dumps(value)


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Return the way to every part of a value, the whole first."""
    yield ()
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from ((key, *rest) for rest in places(item))


def changed_at(value: Any, place: tuple[Any, ...], new: Any, *, alone: bool) -> Any:
    """Return a copy with `new` at a place; `alone` leaves out the parts beside it."""
    if not place:
        return new
    first, *rest = place
    if isinstance(value, list):
        kept = list(value)
        kept[first] = changed_at(kept[first], tuple(rest), new, alone=alone)
        return kept
    new = changed_at(value[first], tuple(rest), new, alone=alone)
    return {first: new} if alone else {**value, first: new}


#: Bodies that fit, for places that a sample of everything never reaches.
FITTING: dict[tuple[str, str], list[Any]] = {
    ("POST", f"{PREFIX}/clock/advance"): [{"by": "1h"}, {"to": "2026-02-01T00:00:00Z"}],
    ("POST", f"{PREFIX}/events"): [
        {"name": "email.click", "app_id": "YOUR_APP_ID", "user_id": "a", "parameters": {"a": [1]}},
        {"name": "in-app.banner.view", "template_name": "Banner", "triggered_at": "1h"},
        {"type": "abTestEvents", "ab_test_id": "1", "variant_id": "1", "triggered_at": "1h"},
        [{"channel": "Email", "event": "Open", "message_id": "1", "device_id": "1"}],
    ],
    ("PUT", f"{PREFIX}/apps/{{app_id}}"): [
        {"keys": {"data_export": "k", "production": "p"}, "rule_limit": 2},
        {
            "keys": {"data_export": "k"},
            "retry": {"delays": ["1h"], "retry_on": ["5xx"], "timeout": "30s"},
        },
    ],
    ("PUT", f"{PREFIX}/inboxes/{{name}}/behaviour"): [
        {"behaviour": "503*9,200"},
        {
            "behaviour": [
                {"kind": "status", "status": 200, "headers": [["a", "b"]], "body": "x"},
                {"kind": "redirect", "location": "http://a/", "times": 2, "delay": "1s"},
                {"kind": "drip", "interval": 1, "part": "body", "body": "x"},
            ]
        },
    ],
}


def odd_calls(operation: Operation) -> Iterator[Call]:
    """Return calls of one operation, each with one odd value, at every place in turn."""
    for value in ODD_BYTES:
        for name in operation.path_parameters:
            shown = {name: value.decode("latin-1")}
            yield operation.call(f"path {name}={value[:40]!r}", path=shown)
        for name in operation.query_parameters:
            yield operation.call(f"query {name}={value[:40]!r}", query={name: value})
        yield operation.call(f"unknown query {value[:40]!r}", query={"unknown": value})
    if not operation.bodies:
        return
    for raw in ODD_BODIES:
        yield operation.call(f"body {raw[:40]!r}", body=raw)
    known = FITTING.get((operation.method, operation.path), [])
    for body in [*operation.bodies, *known]:
        for place in places(body):
            for odd in ODD_JSON:
                what = f"body {'.'.join(map(str, place))}={odd[:60]}"
                changed = written(changed_at(body, place, odd, alone=False))
                yield operation.call(what, body=changed.encode("utf-8", "surrogateescape"))
    for odd in ODD_JSON:
        yield operation.call(f"unknown {odd[:60]}", body=f'{{"unknown": {odd}}}'.encode())
    for kind in ODD_CONTENT_TYPES:
        call = operation.call(f"Content-Type {kind!r}")
        yield call._replace(headers=(("CONTENT_TYPE", kind),))


#: Calls of Leanplum's API that fit.
API_CALLS: list[dict[str, Any]] = [
    {
        "action": "addPostback",
        "appId": "YOUR_APP_ID",
        "clientKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
        "type": "messageEvents",
        "channels": "[Email]",
        "postbackUrl": "http://receiver.test/inbox/crm?u={{User ID}}&p={{Parameters}}",
    },
    {
        "action": "deletePostback",
        "appId": "YOUR_APP_ID",
        "clientKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
        "postbackId": "1",
    },
    {
        "action": "listPostbacks",
        "appId": "YOUR_APP_ID",
        "clientKey": "YOUR_DATA_EXPORT_KEY",
        "apiVersion": "1.0.6",
    },
]

_MULTIPART = "multipart/form-data; boundary=b"
_FORM = "application/x-www-form-urlencoded"


def api_calls() -> Iterator[Call]:
    """Return calls of /api, each with one odd value, at every place and in every body."""
    for arguments in API_CALLS:
        action = arguments["action"]
        for name in [*arguments, "unknown"]:
            for value in ODD_BYTES:
                given = {key: str(item).encode() for key, item in arguments.items()}
                given[name] = value
                what = f"{action} {name}={value[:40]!r}"
                yield Call(f"{what} in a query", "GET", b"/api", _query(given))
                yield _api(f"{what} in a form", _FORM, _query(given))
                yield _api(f"{what} in multipart", _MULTIPART, _multipart(given))
            for odd in ODD_JSON:
                body = written({**arguments, name: odd})
                what = f"{action} {name}={odd[:60]}"
                yield _api(what, "application/json", body.encode("utf-8", "surrogateescape"))
        for odd in ODD_JSON:
            body = f"{written(arguments)[:-1]},{json.dumps(odd[:50])}:1}}"
            yield _api(f"{action} name {odd[:50]}", "application/json", body.encode())
        for kind in ODD_CONTENT_TYPES:
            for body in (written(arguments).encode(), _multipart({"action": b"x"}), b"a=b"):
                yield _api(f"{action} with Content-Type {kind!r}", kind, body)
    for raw in [*ODD_BODIES, b"--\xff\xe9\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n"]:
        for kind in ("application/json", _MULTIPART, _FORM):
            yield _api(f"body {raw[:40]!r} as {kind}", kind, raw)
    for name in (b"\xff", b"\xed\xa0\x80", b"\x00", b"x" * 5_000, b"{{"):
        yield Call(f"name {name[:10]!r}", "GET", b"/api", _query({"a": b"b"}) + b"&" + name + b"=1")
        yield _api(f"name {name[:10]!r} in a form", _FORM, name + b"=1")
    for value in ODD_BYTES:
        yield Call(f"path {value[:40]!r}", "GET", b"/" + value)
        yield Call(f"path {value[:40]!r}", "POST", b"/api/" + value, body=b"{}")
        yield Call(f"path {value[:40]!r}", "DELETE", PREFIX.encode() + b"/" + value)
        yield Call(f"query {value[:40]!r}", "GET", b"/api", value)
    for value in ODD_HEADERS:
        for name in ("HOST", "ORIGIN", "AUTHORIZATION", "SEC_FETCH_SITE", "USER_AGENT", "COOKIE"):
            for path in (b"/api", b"/_sandbox/health"):
                yield Call(f"{name} {value!r}", "GET", path, headers=((f"HTTP_{name}", value),))


def _api(what: str, content_type: str, body: bytes) -> Call:
    headers = (("CONTENT_TYPE", content_type),)
    return Call(f"POST /api, {what}", "POST", b"/api", headers=headers, body=body)


def _query(given: dict[str, bytes]) -> bytes:
    pairs = (
        name.encode() + b"=" + quote_from_bytes(value).encode() for name, value in given.items()
    )
    return b"&".join(pairs)


def _multipart(given: dict[str, bytes]) -> bytes:
    head = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    parts = [head.format(name).encode() + value + b"\r\n" for name, value in given.items()]
    return b"".join(parts) + b"--b--\r\n"
