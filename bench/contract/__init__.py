"""The contract between the runtimes: one scenario run by real brokers and by models, and how far apart they are.

`figures.py` has the figures of a run that are compared, `comparison.py` the rules by which they agree, and
`kept_runs.py` the emulated runs that are kept. `contract.py` makes the missing runs. `text.py` shows the comparison.
"""
