"""Sends postbacks: one POST each, through sockets or to an application in this process."""
