"""Holds the programs that a benchmark runs in a process of its own: one load or server each.

Each is run as `python -m benchmarks.children.<name>`, and prints one line of JSON: its
figures if it is a load, where it listens if it is a server.
"""
