"""Finds the files of the page and sends them to a browser, with what keeps other pages out.

Every file has an ETag and is asked for again each time: a page of an older version beside a newer
control API would show nonsense. All links in the files are relative, so the page also works behind
a path prefix.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from flask import Request, Response

STATIC = Path(__file__).parent / "static"

#: The document itself.
DOCUMENT = "index.html"
#: The module that names all views; it is written from what lies in their folder.
VIEWS = "views.js"

#: No script and no style but our own files, nothing from another host, in nobody's frame.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
#: What goes with each answer that a browser may show.
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
)

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css",
        ".html": "text/html",
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".svg": "image/svg+xml",
    }
)


class Asset(NamedTuple):
    """One file as it is sent."""

    content: bytes
    mimetype: str
    etag: str


def asset_answer(name: str, request: Request) -> Response | None:
    """Return the answer with a file; None if there is no such file.

    Args:
        name: Its path below `static/`, with slashes.
        request: What asks for it; it may say which one it has.
    """
    asset = _asset(name)
    if asset is None:
        return None
    answer = Response(asset.content, mimetype=asset.mimetype, headers=dict(PAGE_HEADERS))
    answer.set_etag(asset.etag)
    answer.make_conditional(request)
    return answer


def asset_names() -> list[str]:
    """Return the paths of all files, the written one among them."""
    found = (path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())
    return sorted([*found, VIEWS])


@lru_cache(maxsize=256)
def _asset(name: str) -> Asset | None:
    # What is asked for is looked up, never put together with a path.
    if name not in asset_names():
        return None
    content = _views_module() if name == VIEWS else (STATIC / name).read_bytes()
    if not name.startswith(_VENDORED):
        # What others made is sent as they made it.
        content = _COMMENTS.sub(b"", content)
    if name == "vendor/hooks.mjs":
        # A browser finds no bare name without an import map, which would be an inline script.
        content = content.replace(b'from"preact"', b'from"./preact.mjs"')
    kind = _TYPES[Path(name).suffix]
    return Asset(content, kind, hashlib.sha256(content).hexdigest()[:32])


#: Lines of a script or a stylesheet of ours that are nothing but a comment: no browser needs them.
_COMMENTS = re.compile(rb"(?ms)^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n")
_VENDORED = "vendor/"


def _views_module() -> bytes:
    """Return a module that imports every view, so that a new file is a new view."""
    names = [path.name for path in sorted((STATIC / "views").glob("*.js"))]
    imports = [
        f"import view{number} from {json.dumps(f'./views/{name}')};"
        for number, name in enumerate(names)
    ]
    listed = ", ".join(f"view{number}" for number in range(len(names)))
    return "\n".join([*imports, f"export default [{listed}];", ""]).encode()
