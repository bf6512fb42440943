"""Broken endpoints, each wrong in one way, and good ones that differ: the proof of `partner`.

`shop` is the endpoint that they are made of, `world` how one is served, `serving` a server for
those that are wrong on the wire; then one module for each area of cases, `good` for those that
must pass (`nginx` stands in front of one), and `catalogue` for all of them by name.
"""
