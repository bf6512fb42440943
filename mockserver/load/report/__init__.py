"""Writes what came of a load: as text, HTML, Markdown, JSON, CSV, and for HdrHistogram's plotters.

`document` has the facts, of which all other formats are made; `formats` finds them by their names.
"""
