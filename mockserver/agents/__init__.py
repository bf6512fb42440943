"""Offers a sandbox to coding agents, by the Model Context Protocol."""
