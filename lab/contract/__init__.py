"""The contract between the runtimes: one scenario run by real brokers and by models, and how far apart they are.

`figures.py` knows what of a run is compared, `comparison.py` when it agrees, `kept_runs.py` which emulated runs there
are already; `contract.py` does the runs that are missing.
"""
