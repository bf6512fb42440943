"""Holds what every run shares, whichever side it checks."""
