"""Decides what follows from what, with no I/O, no clock and nothing but the standard library."""
