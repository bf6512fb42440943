"""Sends postbacks through sockets, with libcurl."""
