"""Keeps apps, rules, deliveries and attempts: one protocol, several stores."""
