"""Serves the web application over HTTP from a thread of the process that owns the engine.

`api_server` starts and stops it. waitress calls the application; what differs from waitress
stands in the other modules, each with its reason.
"""

from mockserver.net.listener import listening_socket as listen_at
from mockserver.web.server.api_server import ApiServer
from mockserver.web.server.quick_paths import QUICK_IN_MEMORY, WAITING_FOR_NOTHING

__all__ = ["QUICK_IN_MEMORY", "WAITING_FOR_NOTHING", "ApiServer", "listen_at"]
