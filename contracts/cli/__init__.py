"""Offers `postbacks contracts` and `postbacks verify` to the command line."""
