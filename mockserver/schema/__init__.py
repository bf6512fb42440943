"""Describes once what a user may write about an app or the server, wherever it is written."""
