"""The live sandbox that the command line's own tests have."""

from __future__ import annotations

from tests.cli.conftest import live

__all__ = ["live"]
