"""Holds the commands of `postbacks`, one module for each, found by their names."""
