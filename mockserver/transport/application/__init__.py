"""Calls a WSGI or ASGI application in this process, as its server would."""
