"""Keeps rules, deliveries and attempts in a SQLite file."""
