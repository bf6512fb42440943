"""Builds endpoints that are broken in one way each, and good ones that differ, for the proof.

`shop` is the endpoint that they are made of, `deviant_endpoint` how one is served, `serving` a
server for those that are wrong on the wire; then one module for each area of cases, `good` for
those that must pass (`nginx` stands in front of one), and `catalog` for all of them by name.
"""
