"""Serves the web application over HTTP from a thread of the process that owns the engine."""

from mockserver.web.server.api_server import ApiServer as ApiServer
from mockserver.web.server.api_server import listen_at as listen_at
