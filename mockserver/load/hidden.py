"""Takes the secrets of a postbackUrl out of what is written about a load."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mockserver.core.url_remarks import secrets_in
from mockserver.net.masks import Masks, secret_variable


def masks_of(url: str) -> Masks:
    """Return what hides the secrets of a URL."""
    masks = Masks()
    for number, secret in enumerate(secrets_in(url), 1):
        masks.hide(secret_variable(number), secret.text, before=secret.before, after=secret.after)
    return masks


def hidden_in(facts: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return the facts of a load without the secrets of its URL, wherever they stand."""
    text = masks_of(url).masked(json.dumps(facts, ensure_ascii=False))
    found: dict[str, Any] = json.loads(text)
    return found
