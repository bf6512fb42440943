"""Keeps rules, deliveries and attempts in a SQL database."""
