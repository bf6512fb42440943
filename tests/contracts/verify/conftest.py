"""The fixtures of the command line's tests, for recordings that it prints."""

from __future__ import annotations

from tests.cli.conftest import add_rule, live, postbacks

__all__ = ["add_rule", "live", "postbacks"]
