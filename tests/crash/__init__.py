"""Takes the process, the disk, the lock and the file away from `serve`, and counts what is left.

Run as `python -m tests.crash --kills 300`; `tests/crash/test_crash.py` runs a little of it.
"""
