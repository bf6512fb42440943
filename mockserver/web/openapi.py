"""Describes the control API as an OpenAPI 3.1 document, from the types that validate it."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from mockserver.core.inbox_name import INBOX_NAME
from mockserver.core.models import LARGEST_ID
from mockserver.reports.shelf import REPORT_ID
from mockserver.version import __version__
from mockserver.web.routes import PREFIX, ControlRoute
from mockserver.web.shapes import Problem

_REFERENCE = "#/components/schemas/{name}"

_DESCRIPTION = (
    "Turn the clock, fire events and read what was delivered. Every POST and PUT needs the header "
    "`Content-Type: application/json` and a JSON body, `{}` if there is nothing to say, so that "
    "neither a form nor a postback can send one. Requests of pages from other sites are refused "
    "with 403."
)


_STREAM = (
    "Asked for with `Accept: text/event-stream`: each `happening` has a FeedEntry as its data; "
    "`begin` and `gap` say where the stream begins and what is missing. `Last-Event-ID` resumes."
)


def document(routes: list[ControlRoute]) -> dict[str, Any]:
    """Return the description of `routes`."""
    bodies = [route.expected_body for route in routes]
    types = [kind for kind in (*(route.answer for route in routes), *bodies) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    schemas, components = _plain(schemas), _plain(components)
    by_type = dict(zip(map(repr, [*types, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"{PREFIX}/{route.path}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "postbacks control API",
            "version": __version__,
            "description": _DESCRIPTION,
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: ControlRoute, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}_{route.path}").strip("_"),
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {
            **_success(route, schemas),
            "4XX": {
                "description": "What is wrong with the request.",
                "content": {"application/problem+json": {"schema": schemas[repr(Problem)]}},
            },
        },
    }
    if route.deprecated:
        operation["deprecated"] = True
    if route.expected_body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[repr(route.expected_body)]}},
        }
    return operation


def _success(route: ControlRoute, schemas: dict[str, Any]) -> dict[str, Any]:
    if route.answer is None:
        return {"204": {"description": "Done."}}
    description = (inspect.getdoc(route.answer) or "").partition("\n")[0]
    if not description or getattr(route.answer, "__module__", "") == "builtins":
        description = route.summary
    kind = "text/html" if route.is_page else "application/json"
    content = {kind: {"schema": schemas[repr(route.answer)]}}
    if route.streams:
        content["text/event-stream"] = {"schema": {"type": "string", "description": _STREAM}}
    return {"200": {"description": description, "content": content}}


def _path_parameters(route: ControlRoute) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if kind == "int:" else "string", **_PATH_VALUES[name]},
        }
        for kind, name in re.findall(r"<(int:)?(\w+)>", route.path)
    ]


#: What the server wants of the values in a path, by their names.
_PATH_VALUES: dict[str, dict[str, Any]] = {
    "name": {"pattern": f"^{INBOX_NAME}$"},
    "delivery_id": {"minimum": 1, "maximum": LARGEST_ID},
    "request_id": {"minimum": 1, "maximum": LARGEST_ID},
    "app_id": {"minLength": 1},
    "report_id": {"pattern": f"^{REPORT_ID}$"},
}


def _plain(value: Any) -> Any:
    """Return a schema in which lists of one kind of thing are written as such.

    For a pair msgspec writes `prefixItems` and `items: false`; generators of clients do not read
    that.
    """
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    parts = value.get("prefixItems")
    if isinstance(parts, list) and all(part == parts[0] for part in parts):
        value = {name: item for name, item in value.items() if name != "prefixItems"}
        value["items"] = parts[0]
    return {name: _plain(item) for name, item in value.items()}


def _query_parameters(route: ControlRoute) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema, components = msgspec.json.schema_components([route.query], ref_template=_REFERENCE)
    described = components[schema[0]["$ref"].rpartition("/")[2]]
    required = described.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": value}
        for name, value in _inlined(described["properties"], components).items()
    ]


def _inlined(value: Any, components: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(components[value["$ref"].rpartition("/")[2]], components)
        return {name: _inlined(item, components) for name, item in value.items()}
    if isinstance(value, list):
        return [_inlined(item, components) for item in value]
    return value
