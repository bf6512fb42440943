"""Writes what the fake tells of its fidelity: a data file for `mockserver`, and a page.

Both come from the facts in `requirements.yaml`, because `mockserver` knows nothing of this
package. `python -m contracts.suite.fidelity` writes them; a test fails when one is stale.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from contracts.suite.requirements import Requirements, load

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs" / "fidelity.md"
DATA = _ROOT / "mockserver" / "web" / "fidelity.json"

_TITLES = {
    "api": "The API",
    "rules": "Postback rules",
    "events": "Events",
    "template": "The template",
    "delivery": "Delivery",
}
_INTRODUCTION = """# Fidelity

What the fake imitates, and how each behaviour is known. The same list is served at
`/_sandbox/fidelity`.

- **documented**: Leanplum's reference pages say so.
- **observed**: a captured postback shows it.
- **assumed**: both are silent; something had to be chosen. The knob, where there is one, is what
  changes the choice. If you know better, tell us, with the evidence.

Leanplum's *webhooks* are another feature with another retry policy; nothing here is about them.
"""


def data(requirements: Requirements) -> bytes:
    """Return the facts as the JSON that `mockserver.web.facts` reads."""
    facts = [
        {
            "id": name,
            "area": name.partition(".")[0],
            "statement": fact.text,
            "source": requirements.origin_of(name),
            "knob": fact.knob,
        }
        for name, fact in requirements.facts.items()
    ]
    return msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n"


def page(requirements: Requirements) -> str:
    """Return the page as Markdown.

    Raises:
        KeyError: A fact is of an area that has no title here.
    """
    parts = [_INTRODUCTION]
    area = ""
    for name, fact in requirements.facts.items():
        if name.partition(".")[0] != area:
            area = name.partition(".")[0]
            parts.append(f"\n## {_TITLES[area]}\n\n| behaviour | source | knob |\n|---|---|---|\n")
        text = fact.text.replace("|", "\\|")
        parts.append(f"| {text} | {requirements.origin_of(name)} | {fact.knob or ''} |\n")
    return "".join(parts)


if __name__ == "__main__":
    DATA.write_bytes(data(load()))
    PAGE.write_text(page(load()), encoding="utf-8")
