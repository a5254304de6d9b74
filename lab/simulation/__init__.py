"""The runtime of models: a Plan opened as a lab in virtual time, without containers."""

from datetime import timedelta

NAME = "simulation"  # of this runtime, in notes and histories
LONGEST = timedelta(days=400)  # of virtual time in a run
