"""Turns events into deliveries, makes their attempts, and tells what happened."""
