"""Leanplum's side of postbacks, on your machine."""
