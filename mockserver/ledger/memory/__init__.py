"""Keeps rules, deliveries and attempts in memory."""
