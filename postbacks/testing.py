"""Offers `mockserver.testing` under the name that the project is installed by."""

from __future__ import annotations

from mockserver.testing import *  # noqa: F403
from mockserver.testing import __all__ as __all__
