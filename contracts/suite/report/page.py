"""Renders templates as self-contained pages without scripts, every value escaped.

Whatever a template prints is first made visible and then escaped; no template can forget it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mockserver.net.visible_text import visible

#: What may stand in an anchor as it is; the rest is written as its number.
NOT_IN_AN_ANCHOR = re.compile(r"[^A-Za-z0-9.-]")


def render(template: str, *, package: str = __package__, **values: Any) -> str:
    """Return the page that a template makes of `values`.

    Args:
        template: Its file name.
        package: Where it lies; it may include templates of this package, too.
        values: What it shows.
    """
    return _environment(package).get_template(template).render(values)


def anchor(text: str) -> str:
    """Return a name for a place in a page that no other `text` has.

    Examples:
        >>> anchor("PB-RETRY-CAP"), anchor("a b")
        ('PB-RETRY-CAP', 'a_20_b')
    """
    return NOT_IN_AN_ANCHOR.sub(lambda match: f"_{ord(match.group()):x}_", text)


def is_web_address(link: str) -> bool:
    """Return whether `link` leads to a page; `javascript:` and its like do not."""
    return link.startswith(("https://", "http://"))


#: Has `look.css`: the colours, which reports share with the page of the sandbox.
_LOOK = PackageLoader("mockserver.web.page", "static")


@cache
def _environment(package: str) -> Environment:
    places = dict.fromkeys((package, __package__))
    environment = Environment(
        loader=ChoiceLoader([*(PackageLoader(each, ".") for each in places), _LOOK]),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = anchor
    environment.tests["web_address"] = is_web_address
    return environment


def _shown(value: object) -> object:
    # What a macro made is markup already, and its values went through here on their own.
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(str(value))
    return value
