"""Names the calls that wait for nothing, for those who start a server.

Whatever waits for a database, for time or for another request may wait long, and is none of them.
"""

from __future__ import annotations

#: Whatever the ledger: health is asked when all else waits.
WAITING_FOR_NOTHING = frozenset({"/_sandbox/health"})

#: With a ledger in memory.
QUICK_IN_MEMORY = WAITING_FOR_NOTHING | {"/api"}
