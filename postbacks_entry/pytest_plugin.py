"""Stands for `mockserver.pytest_plugin`, which pytest may find another package in place of.

If that is ours, pytest gets it when it imports this module. If not, `pytest_check` says so.
"""

from __future__ import annotations

import sys
from importlib import import_module

from postbacks_entry.origin import problem_of

if problem_of("mockserver") is None:
    # What an import returns is what stands here by then.
    sys.modules[__name__] = import_module("mockserver.pytest_plugin")
