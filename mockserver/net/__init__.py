"""Holds what those who send, receive and serve share: sockets, loops, TLS, and text for people."""
