"""Changes the fake at one place after another, and asks the contract suite whether it sees it.

The core's own mutation run (`tests/mutation`) asks the unit tests. Here nothing counts but what
`contracts run` does: HTTP calls to a sandbox in a process of its own.
"""
