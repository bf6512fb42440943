"""Explains a case of the contract suite to an agent: what it checks, why, and how to pass it."""

from __future__ import annotations

from typing import Any

from mockserver.agents.suite_command import answer_of


def explain_case(case_id: str) -> dict[str, Any]:
    """Explain a case, e.g. PB-VALUES-EMPTY: what it checks, why that matters, how to mend it."""
    document = answer_of("contracts", "explain", "--json", "--", case_id)
    kept = ("id", "title", "level", "check", "why", "fix", "origin")
    return {name: document[name] for name in kept if name in document}
