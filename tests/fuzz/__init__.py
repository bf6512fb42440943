"""Sends mutated bytes to both ports of a sandbox, and looks at what that leaves of it.

`python -m tests.fuzz --connections 200000`, or `tox -e fuzz` for five minutes of it.
"""
