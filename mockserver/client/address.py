"""Says where clients and the command line look for a sandbox unless they are told.

It stands by itself so that `postbacks --help` can show it without importing a client.
"""

from __future__ import annotations

DEFAULT_URL = "http://127.0.0.1:8780"
