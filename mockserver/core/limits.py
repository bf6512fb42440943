"""Says how many bytes of what a client sends are kept, for those who keep it.

A count alone bounds nothing: 300 behaviours of 0.9 MB are a gibibyte. The limits are far above what
anybody needs (assumed); docs/configuration.md lists them.
"""

from __future__ import annotations

from mockserver.core.errors import PostbacksError

MIB = 1024 * 1024

#: How many apps there may be.
MOST_APPS = 10_000
#: Characters of a key of an app, and of an app id.
LONGEST_KEY = 1_000
#: Characters of a postbackUrl as it is registered.
LONGEST_TEMPLATE = 64 * 1024
#: Characters of all postbackUrls of a sandbox together, as far as long ones are among them.
MOST_OF_TEMPLATES = 16 * MIB
#: Characters of one URL that is rendered for an event.
LONGEST_URL = MIB
#: Characters of all URLs that the events of one call are rendered into.
MOST_OF_URLS = 16 * MIB
#: Bytes of all scripts of all inboxes.
MOST_OF_SCRIPTS = 16 * MIB
#: Bytes of what the feed keeps.
MOST_OF_FEED = 16 * MIB
#: Bytes of bodies that have arrived and are not answered, on all connections of a server.
MOST_UNDER_WAY = 64 * MIB
#: Bytes of answers that clients have not read yet, on all connections of a server.
MOST_UNREAD = 64 * MIB
#: How many large answers are made at a time: each takes several times its size while it is made,
#: and the processor all the same.
LARGE_AT_ONCE = 2
#: About how many bytes of text one page of a listing has; then it ends before its limit.
LONGEST_PAGE = 4 * MIB
#: What is shorter counts by its number alone.
SHORT = 4 * 1024


class TooMuch(PostbacksError):
    """More than is kept, sent or answered at a time."""

    code = "too-much"
    http_status = 413
