"""Benches: what mqlab costs, always beside the same thing done without it, in one run. `python -m bench`."""
