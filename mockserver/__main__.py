"""Runs the command line: `python -m mockserver` is `postbacks`."""

from mockserver.cli import main

main()
