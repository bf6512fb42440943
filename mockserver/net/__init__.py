"""Holds what everything that touches a socket shares."""
