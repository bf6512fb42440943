"""Serves the sandbox over HTTP: Leanplum's API as it is, and the control API beside it."""
