"""Measures speed as ratios to a peer or a floor that is measured in the same run.

Run by `python -m benchmarks`; what each figure means is in `README.md`. Reading order:
`measure` (rounds, pairs, medians), `peers` and `processes` (what is measured against), then
one module for each benchmark; `children` holds the programs they run in processes of
their own.
"""
