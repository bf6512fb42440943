"""Explains a case of the contract suite to an agent: what it checks, why, and how to pass it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from mockserver.client.sandbox_client import Refused


def explain_case(case_id: str) -> dict[str, Any]:
    """Explain a case, e.g. PB-VALUES-EMPTY: what it checks, why that matters, how to mend it."""
    command = [sys.executable, "-m", "mockserver", "contracts", "explain", "--json", "--", case_id]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        try:
            raise Refused(str(json.loads(done.stderr)["detail"]))
        except (ValueError, LookupError, TypeError):
            raise Refused(done.stderr.strip()[-500:]) from None
    document: dict[str, Any] = json.loads(done.stdout)
    kept = ("id", "title", "level", "check", "why", "fix", "origin")
    return {name: document[name] for name in kept if name in document}
