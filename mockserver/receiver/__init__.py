"""Serves an endpoint that records what it gets and misbehaves on request."""
