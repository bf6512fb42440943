"""Writes `docs/fidelity.md` from the facts that the control API serves.

Run it as `python -m mockserver.web.fidelity`; a test fails when the page is stale.
"""

from __future__ import annotations

from pathlib import Path

from mockserver.web.facts import FACTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fidelity.md"

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


def page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION]
    for area, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| behaviour | source | knob |\n|---|---|---|\n")
        for fact in FACTS:
            if fact.area == area:
                statement = fact.statement.replace("|", "\\|")
                parts.append(f"| {statement} | {fact.source} | {fact.knob or ''} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
