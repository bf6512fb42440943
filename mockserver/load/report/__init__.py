"""Writes what is known of a load as pages for people."""
