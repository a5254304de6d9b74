"""The contract between the runtimes: one scenario run by real brokers and by models, and how far apart they are.

`figures.py` knows what of a run is compared, `comparing.py` when it agrees, `kept.py` which emulated runs there are
already; `contract.py` does the runs that are missing.
"""
