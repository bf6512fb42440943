"""Keeps rules, deliveries and attempts in a PostgreSQL database."""
