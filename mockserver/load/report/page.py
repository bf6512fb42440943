"""Renders templates of this folder as self-contained pages without scripts, every value escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mockserver.core.wording import count
from mockserver.net.visible_text import visible


def render(template: str, **values: Any) -> str:
    """Return the page that a template makes of `values`.

    Args:
        template: Its file name.
        values: What it shows.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        # With `look.css`: the colours, which reports share with the page of the sandbox.
        loader=ChoiceLoader(
            [PackageLoader(__package__, "."), PackageLoader("mockserver.web.page", "static")]
        ),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["count"] = count
    return environment


def _shown(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(str(value))
    return value
