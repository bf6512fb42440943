"""Builds endpoints that are broken in one way each, and good ones that differ, for the proof.

All are made from `shop`, a good application. `deviant_endpoint` serves one of them, and `serving`
has a server that gives full control over the bytes on a connection. Then comes one module for
each kind of mistake. `good` has those that must pass; `nginx` is in front of one of them.
`steps` has shops that differ in one step. `catalog` lists all.
"""
