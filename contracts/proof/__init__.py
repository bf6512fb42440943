"""Proves that each case can fail, by running it against what is broken on purpose."""
