"""Reaches a sandbox over HTTP, or within the process, with types."""
