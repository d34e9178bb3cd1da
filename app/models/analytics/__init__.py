"""What the figures say: facts kept beside the tables, and one SELECT function for each figure.

The meaning of every figure stands in `docs/metrics.md`.
"""
