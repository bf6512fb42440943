"""Sends postbacks: over sockets, to an application in this process, or to a function."""
