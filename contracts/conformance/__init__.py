"""Checks Leanplum's side: the fake, a sandbox at a URL, or Leanplum's own API."""
